/**
 * A progress bar on a terminal's standard error; nothing anywhere else.
 *
 *     compress dickens  [#########-----------]  45%  4.5 MiB of 10.2 MiB  210.3 MB/s
 *
 * Thread rules: the main isolate.
 */

import { realClock } from "../runtime/platform/mod.ts";
import { formatRate, formatSize } from "./quantity.ts";

const DRAW_MS = 100;
const BAR_WIDTH = 20;
/** So that a line fits a terminal of 100 columns. */
const LABEL_WIDTH_MAX = 32;
const CLEAR_LINE = "\r\x1b[K";

export class Progress {
  readonly #label: string;
  readonly #totalBytes: number | null;
  readonly #shown: boolean;
  readonly #beganMs = realClock.nowMs();
  #drawnMs = 0;

  /**
   * @param totalBytes Null where nobody knows.
   * @param dataOnStdout Whether standard output carries data, over which the bar must not draw.
   */
  constructor(label: string, totalBytes: number | null, dataOnStdout = false) {
    this.#shown = Deno.stderr.isTerminal() && !(dataOnStdout && Deno.stdout.isTerminal());
    this.#label = label.length <= LABEL_WIDTH_MAX ? label : `…${label.slice(1 - LABEL_WIDTH_MAX)}`;
    this.#totalBytes = totalBytes;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (realClock.nowMs() - this.#beganMs) / 1000;
  }

  /** So many bytes are done. */
  show(bytes: number): void {
    if (!this.#shown) return;
    const nowMs = realClock.nowMs();
    if (nowMs - this.#drawnMs < DRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#write(`${CLEAR_LINE}${this.#line(bytes)}`);
  }

  /** Takes the bar away, for what is printed next. */
  clear(): void {
    if (this.#shown && this.#drawnMs > 0) this.#write(CLEAR_LINE);
  }

  #line(bytes: number): string {
    const rate = formatRate(bytes, this.seconds);
    const total = this.#totalBytes;
    if (total === null) return `${this.#label}  ${formatSize(bytes)}  ${rate}`;
    const part = total === 0 ? 1 : Math.min(1, bytes / total);
    const bar = "#".repeat(Math.round(part * BAR_WIDTH)).padEnd(BAR_WIDTH, "-");
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    const done = `${formatSize(bytes)} of ${formatSize(total)}`;
    return `${this.#label}  [${bar}] ${percent}  ${done}  ${rate}`;
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
