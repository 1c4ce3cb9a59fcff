/**
 * The few statistics that a bench line rests on. All are robust: one block that another program
 * disturbed moves a median by at most one rank.
 *
 * Thread rules: none; pure functions.
 */

/**
 * The value below which the share `q` of the values lies; between two values, interpolated.
 *
 * @param values At least one number, in any order; not changed.
 * @param q From 0 (least) to 1 (greatest).
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("Cannot take a quantile of no values");
  const sorted = Float64Array.from(values).sort();
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median distance from the median: how far a typical sample strays. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}
