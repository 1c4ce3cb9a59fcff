/** Drives a streaming decoder through a whole source. */

import type { FrameDecoder } from "../mod.ts";
import { concat } from "./data.ts";

/**
 * Decodes all of `packed`, in source pieces of `pieceBytes` and destinations of `roomBytes`, and
 * finishes.
 */
export async function decodeAll(
  decoder: FrameDecoder,
  packed: Uint8Array,
  pieceBytes: number,
  roomBytes: number,
): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  const room = new Uint8Array(roomBytes);
  for (let at = 0; at < packed.length; at += pieceBytes) {
    let rest = packed.subarray(at, at + pieceBytes);
    let full = false;
    while (rest.length > 0 || full) {
      const { read, written } = await decoder.push(rest, room);
      if (read === 0 && written === 0 && rest.length > 0) throw new Error("no progress");
      output.push(room.slice(0, written));
      rest = rest.subarray(read);
      full = written === room.length;
    }
  }
  await decoder.finish();
  return concat(...output);
}
