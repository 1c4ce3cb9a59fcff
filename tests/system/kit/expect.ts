/** What the tests of this folder expect of errors, and of things that take a while. */

import assert from "node:assert/strict";
import { ChimaeraError } from "chimaera";
import { PATIENCE_MS } from "./program.ts";

/** Fails unless the promise is rejected with the code; returns the error. */
export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<ChimaeraError> {
  try {
    await promise;
  } catch (thrown) {
    return checkCode(code, thrown);
  }
  assert.fail(`expected ${code}, but nothing was thrown`);
}

/** Fails unless the call throws the code; returns the error. */
export function throwsWith(code: string, call: () => unknown): ChimaeraError {
  try {
    call();
  } catch (thrown) {
    return checkCode(code, thrown);
  }
  assert.fail(`expected ${code}, but nothing was thrown`);
}

function checkCode(code: string, thrown: unknown): ChimaeraError {
  if (!(thrown instanceof ChimaeraError)) throw thrown;
  assert.equal(thrown.code, code, thrown.format());
  return thrown;
}

/** Waits until `look` finds something true; fails with what it found last. */
export async function eventually<T>(what: string, look: () => T | Promise<T>): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > endMs) assert.fail(`${what}: still ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
