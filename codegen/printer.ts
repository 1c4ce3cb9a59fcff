/**
 * Prints TypeScript as `deno fmt` leaves it: what fits a line stands on one, what does not is
 * broken the way that the formatter breaks it.
 *
 * Thread rules: none; plain values.
 */

/** Columns of a line, as in the `deno.json` of every repo. */
const COLUMNS = 100;

/** How a text is laid out: its own, or that of the file that it is put into. */
export interface Layout {
  /** What every line begins with. */
  readonly indent: string;
  /** What each level adds. */
  readonly unit: string;
}

/** Of generated files, and of new modules. */
export const HOUSE_LAYOUT: Layout = { indent: "", unit: "  " };

/** A text that grows line by line. */
export class Printer {
  readonly #lines: string[] = [];
  readonly #layout: Layout;
  #level = 0;

  constructor(layout: Layout = HOUSE_LAYOUT) {
    this.#layout = layout;
  }

  /** Adds lines; an empty one stays empty. */
  line(...texts: string[]): void {
    const indent = this.#indent;
    for (const text of texts) this.#lines.push(text === "" ? "" : indent + text);
  }

  /** Adds `open`, what `inside` adds one level deeper, and `close`. */
  block(open: string, inside: () => void, close: string): void {
    this.line(open);
    this.nested(inside);
    this.line(close);
  }

  /** Adds what `inside` adds, one level deeper. */
  nested(inside: () => void): void {
    this.#level++;
    inside();
    this.#level--;
  }

  /** Adds `open`, the items, and `close`: on one line if it fits, else each item on its own. */
  list(open: string, items: readonly string[], close: string): void {
    const whole = `${open}${items.join(", ")}${close}`;
    if (this.fits(whole)) return this.line(whole);
    this.block(open, () => this.line(...items.map((item) => `${item},`)), close);
  }

  /** Adds `head` and `tail` with a space between, or `tail` one level deeper on the next line. */
  pair(head: string, tail: string): void {
    if (this.fits(`${head} ${tail}`)) return this.line(`${head} ${tail}`);
    this.line(head);
    this.nested(() => this.line(tail));
  }

  /** Whether a line has room for a text. */
  fits(text: string): boolean {
    return this.#indent.length + text.length <= COLUMNS;
  }

  /** The lines so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The lines as a file. */
  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  get #indent(): string {
    return this.#layout.indent + this.#layout.unit.repeat(this.#level);
  }
}
