/**
 * What the process that runs a test file tells the one that started it, on standard output, between
 * what the tests themselves print there:
 *
 *   ␞ mark {"kind":"begin","name":"echo: …"} line end
 *
 * The mark is a word that the tests cannot know.
 *
 * Thread rules: none; pure functions.
 */

/** What became of a test. */
export type TestOutcome = "ok" | "failed" | "ignored";

export type TestEvent =
  /** The file is loaded: its tests, in their order. */
  | { readonly kind: "plan"; readonly names: readonly string[] }
  /** A test begins; it may take as long as it says itself. */
  | { readonly kind: "begin"; readonly name: string; readonly timeoutMs?: number }
  /** A test has ended; why it failed, with the stack. */
  | {
    readonly kind: "end";
    readonly name: string;
    readonly outcome: TestOutcome;
    readonly ms: number;
    readonly failure?: string;
  }
  /** The file itself failed: it could not be loaded, or something outside of its tests. */
  | { readonly kind: "failed"; readonly failure: string }
  | { readonly kind: "done" };

const SEPARATOR = "\x1e";

/** The line of an event. */
export function eventLine(event: TestEvent, mark: string): string {
  return `${SEPARATOR}${mark}${JSON.stringify(event)}\n`;
}

/** Takes a line apart: what a test printed, and the event, each if there is one. */
export function readLine(
  line: string,
  mark: string,
): { readonly printed: string | null; readonly event: TestEvent | null } {
  const start = line.indexOf(SEPARATOR + mark);
  if (start < 0) return { printed: line, event: null };
  const text = line.slice(start + SEPARATOR.length + mark.length);
  return { printed: start === 0 ? null : line.slice(0, start), event: JSON.parse(text) };
}
