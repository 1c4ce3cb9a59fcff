/** A ring in a memory file that two processes map, and how they sleep on its words. */

import { addressOf, mapOver } from "../../runtime/platform/libc.ts";
import { type SharedWords, wait, wake } from "../../runtime/platform/shared.ts";
import { RING_BYTES, type Sleeper } from "./spsc_ring.ts";

const PAGE_BYTES = 65536;
const PAGES = Math.ceil(RING_BYTES / PAGE_BYTES);

/** Size of the memory file: whole WebAssembly pages. */
export const RING_FILE_BYTES = PAGES * PAGE_BYTES;

/** Longest sleep; then a consumer whose producer is gone notices. */
const SLEEP_MS = 1000;

/** Maps the file over a shared WebAssembly memory. */
export function mapRing(file: number): SharedWords {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const address = addressOf(new Uint8Array(memory.buffer));
  mapOver(address, RING_FILE_BYTES, file);
  return { i32: new Int32Array(memory.buffer), address };
}

/** Sleeps across processes; ends this process when the one that started it is gone. */
export function futexSleeper(ring: SharedWords): Sleeper {
  const parent = Deno.ppid;
  return {
    wait(index, expected) {
      wait(ring, index, expected, SLEEP_MS);
      if (Deno.ppid !== parent) Deno.exit(1);
    },
    wake: (index) => wake(ring, index),
  };
}
