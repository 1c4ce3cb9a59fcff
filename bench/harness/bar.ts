/**
 * Bars: what a bench line must reach, as text that a person and a program read alike.
 *
 *     ratio<=1.5                       ours divided by the peer, median of the pairs
 *     ours>=2e6                        our own figure, in the line's unit
 *     ratio>=0.3 && ours>=2e6          all of them
 *
 * Thread rules: none; pure functions.
 */

const COMPARISONS = {
  "<=": (value: number, limit: number) => value <= limit,
  ">=": (value: number, limit: number) => value >= limit,
  "<": (value: number, limit: number) => value < limit,
  ">": (value: number, limit: number) => value > limit,
} as const;

type Comparison = keyof typeof COMPARISONS;

/** One part of a bar. */
export interface Condition {
  readonly subject: "ratio" | "ours";
  readonly comparison: Comparison;
  readonly limit: number;
}

/** What a line measured, as far as a bar asks. */
export interface Figures {
  readonly ours: number;
  /** `null` where the line has no peer; a bar that asks for it is then missed. */
  readonly ratio: number | null;
}

const CONDITION = /^(ratio|ours)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?(?:e\d+)?)$/;

/** Reads a bar's text. A bar is source code of the bench, so a malformed one throws a TypeError. */
export function parseBar(text: string): Condition[] {
  return text.split("&&").map((part) => {
    const match = CONDITION.exec(part.trim());
    if (match === null) throw new TypeError(`Cannot read the bar "${text}": "${part.trim()}"`);
    return {
      subject: match[1] as Condition["subject"],
      comparison: match[2] as Comparison,
      limit: Number(match[3]),
    };
  });
}

/** Whether the figures reach every condition of the bar. */
export function meetsBar(text: string, figures: Figures): boolean {
  return parseBar(text).every(({ subject, comparison, limit }) => {
    const value = figures[subject];
    return value !== null && COMPARISONS[comparison](value, limit);
  });
}
