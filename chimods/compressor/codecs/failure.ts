/**
 * The errors that codecs raise, each with its permanent code.
 *
 * A codec throws at the caller and never returns a partial result. `what` names the operation,
 * `why` the first thing that was wrong.
 */

import { ChimaeraError, type ErrorName } from "chimaera";

/** CHI-6001: no codec of that name or number. */
export function unknownCodec(given: string): ChimaeraError {
  return new ChimaeraError("codecUnknown", { what: "choose a codec", why: `there is no ${given}` });
}

/** CHI-6002: damaged, cut short, or of another format. */
export function corrupt(what: string, why: string, cause?: unknown): ChimaeraError {
  return new ChimaeraError("codecCorrupt", { what, why, cause });
}

/** CHI-6002: the data is longer than what it says of itself. */
export function holdsMore(what: string, declaredBytes: number, cause?: unknown): ChimaeraError {
  return corrupt(what, `it holds more than the ${declaredBytes} bytes that it declares`, cause);
}

/** CHI-6002: the data has another length than what it says of itself. */
export function holdsOther(what: string, heldBytes: number, declaredBytes: number): ChimaeraError {
  return corrupt(what, `it holds ${heldBytes} bytes and declares ${declaredBytes}`);
}

/** CHI-6003: the provider cannot be had on this machine, or cannot do this. */
export function unavailable(what: string, why: string, cause?: unknown): ChimaeraError {
  return new ChimaeraError("codecUnavailable", { what, why, cause });
}

/** CHI-6004: the output, or what the input declares of it, is larger than allowed. */
export function overLimit(what: string, why: string, hint?: string): ChimaeraError {
  return new ChimaeraError("codecLimit", { what, why, hint });
}

/** CHI-6004: the data was compressed with a longer memory than a decoder here gets. */
export function windowOverLimit(what: string, windowBytesMax: number): ChimaeraError {
  const windowMax = Math.log2(windowBytesMax);
  return overLimit(
    what,
    `its window is above ${windowBytesMax} bytes`,
    `compress it again with a smaller window: \`zstd -dc --long=31 FILE | zstd --long=${windowMax}\``,
  );
}

/** CHI-6005: the provider itself failed. */
export function failed(what: string, why: string, cause?: unknown): ChimaeraError {
  return new ChimaeraError("codecFailed", { what, why, cause });
}

/** CHI-3003: the destination of a compression is too small. */
export function tooSmall(what: string, neededBytes: number, givenBytes: number): ChimaeraError {
  return new ChimaeraError("sizeAboveCapacity", {
    what,
    why: `the destination has ${givenBytes} bytes and may need ${neededBytes}`,
  });
}

/** CHI-3001: an argument outside its range. */
export function badArgument(what: string, why: string, hint: string): ChimaeraError {
  return new ChimaeraError("badField", { what, why, hint });
}

/** Whether `thrown` is the error of that name. */
export function isKind(thrown: unknown, kind: ErrorName): thrown is ChimaeraError {
  return thrown instanceof ChimaeraError && thrown.kind === kind;
}

/** A thrown value as one line of text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
