/**
 * The result of a line, as the one JSON line that programs read.
 *
 *     {"bench":"task.sync.process","ours":5.1,"unit":"us","peer":"C futex …","peerValue":3.7,
 *      "ratio":1.38,"mad":0.02,"better":"lower","bar":"ratio<=2","ok":true,"n":15,
 *      "samples":[[5.1,3.7],…],"checksum":123}
 *     {"bench":"task.promise.inprocess","skipped":"node is not installed","ok":false}
 *
 * Thread rules: none; pure functions.
 */

import { meetsBar } from "./bar.ts";
import type { BenchLine, Measurement } from "./line.ts";
import { median, medianAbsoluteDeviation } from "./statistics.ts";

/** A line that ran. */
export interface Measured {
  readonly bench: string;
  /** Median of our blocks. */
  readonly ours: number;
  readonly unit: string;
  readonly peer: string | null;
  /** Median of the peer's blocks. */
  readonly peerValue: number | null;
  /** Median of the ratios of the pairs: not the ratio of the two medians. */
  readonly ratio: number | null;
  /** Median absolute deviation of the ratios; of our blocks where there is no peer. */
  readonly mad: number;
  readonly better: "lower" | "higher";
  readonly bar: string;
  readonly ok: boolean;
  /** What was measured, where that depends on what is there. */
  readonly note?: string;
  /** Pairs. */
  readonly n: number;
  readonly samples: ReadonlyArray<readonly [number, number | null]>;
  readonly checksum: number;
}

/** A line that did not run. */
export interface Skipped {
  readonly bench: string;
  readonly skipped: string;
  readonly ok: false;
  /** The line broke, as opposed to lacking something on this machine. */
  readonly failed?: true;
}

export type Result = Measured | Skipped;

/** Six significant digits: far below the noise, and the line stays readable. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** Draws the figures of a line from its samples and holds them against its bar. */
export function resultOf(
  line: Pick<BenchLine, "name" | "unit" | "better" | "bar">,
  { peer, note, samples, checksum }: Measurement,
): Measured {
  const oursValues = samples.map(([ours]) => ours);
  const pairs = samples.filter((pair): pair is readonly [number, number] => pair[1] !== null);
  const ratios = pairs.map(([ours, peerValue]) => ours / peerValue);
  const ours = median(oursValues);
  const ratio = ratios.length === 0 ? null : median(ratios);
  return {
    bench: line.name,
    ours: rounded(ours),
    unit: line.unit,
    peer,
    peerValue: pairs.length === 0 ? null : rounded(median(pairs.map(([, value]) => value))),
    ratio: ratio === null ? null : rounded(ratio),
    mad: rounded(medianAbsoluteDeviation(ratio === null ? oursValues : ratios)),
    better: line.better,
    bar: line.bar,
    ok: meetsBar(line.bar, { ours, ratio }),
    ...note === undefined ? {} : { note },
    n: samples.length,
    samples: samples.map(([a, b]) => [rounded(a), b === null ? null : rounded(b)] as const),
    checksum,
  };
}

/** The result of a line that lacks something, or broke. */
export function skippedResult(name: string, why: string, failed: boolean): Skipped {
  return failed
    ? { bench: name, skipped: why, ok: false, failed: true }
    : { bench: name, skipped: why, ok: false };
}

/** Reads back what a line's host printed; `undefined` when the text is something else. */
export function parseResult(text: string): Result | undefined {
  if (!text.startsWith('{"bench":')) return undefined;
  try {
    return JSON.parse(text) as Result;
  } catch {
    return undefined; // Cut short: its host died while printing.
  }
}
