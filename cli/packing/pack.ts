/**
 * Compressing a source: cut into blocks, each block a task, the frames written in order.
 *
 *     source ─fill─▶ [ block ] ─task─▶ [ frame ] ─write─▶ sink
 *                       └──── one slot of shared memory ────┘
 *
 * A fixed number of slots is used again and again, so memory does not grow with the source.
 */

import { type Block, DomainQuery, type Session } from "../../sdk/mod.ts";
import {
  type Client,
  type CodecInfo,
  compressBound,
  Form,
} from "../../chimods/compressor/compressor_client.ts";
import { WINDOW_BYTES_MAX, windowOf } from "./limits.ts";
import { OrderedWindow } from "./ordered_window.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

const LOCAL = DomainQuery.getLocalId();

/** What to compress, and how. */
export interface PackJob {
  readonly session: Session;
  readonly client: Client;
  readonly source: Source;
  readonly sink: Sink;
  readonly codec: CodecInfo;
  /** 0 for the codec's default. */
  readonly level: number;
  readonly blockBytes: number;
  readonly lanes: number;
  /** Told after each block how far the source has come. */
  readonly onProgress: (bytesRead: number) => void;
}

interface Slot {
  readonly src: Block;
  readonly dst: Block;
}

/** How many slots of this size there are room and use for. */
export function slotCount(blockBytes: number, lanes: number): number {
  const fitting = Math.floor(WINDOW_BYTES_MAX / slotBytes(blockBytes));
  return Math.max(1, Math.min(windowOf(lanes), fitting));
}

/** Shared memory of a slot; the heap hands out powers of two. */
function slotBytes(blockBytes: number): number {
  const rounded = (bytes: number) => 2 ** Math.ceil(Math.log2(bytes));
  return rounded(blockBytes) + rounded(compressBound(blockBytes));
}

/** Compresses all of the source; an empty one becomes one empty frame. Returns the blocks. */
export async function pack(job: PackJob): Promise<number> {
  const { session, blockBytes, lanes } = job;
  const slots = Array.from({ length: slotCount(blockBytes, lanes) }, (): Slot => ({
    src: session.alloc(blockBytes),
    dst: session.alloc(compressBound(blockBytes)),
  }));
  const window = new OrderedWindow<Uint8Array>(slots.length);
  const [blocks] = await Promise.all([
    submitAll(job, slots, window),
    window.handOn((frame) => job.sink.write(frame)),
  ]);
  for (const { src, dst } of slots) {
    src.free();
    dst.free();
  }
  return blocks;
}

/** Fills one slot after the other and sends it off. A slot is free when its frame is written. */
async function submitAll(
  job: PackJob,
  slots: readonly Slot[],
  window: OrderedWindow<Uint8Array>,
): Promise<number> {
  let blocks = 0;
  while (true) {
    await window.room();
    const slot = slots[blocks % slots.length]!;
    const rawBytes = await job.source.fill(slot.src.bytes);
    if (rawBytes === 0 && blocks > 0) break;
    window.add(compressSlot(job, slot, rawBytes));
    job.onProgress(job.source.bytesRead);
    blocks++;
    if (rawBytes < job.blockBytes) break;
  }
  window.end();
  return blocks;
}

/** One block as one task; returns its frame, in the slot. */
async function compressSlot(job: PackJob, slot: Slot, rawBytes: number): Promise<Uint8Array> {
  const { client, codec, level } = job;
  const options = { form: Form.frame, codec: codec.id, level };
  const block = slot.src.slice(0, rawBytes);
  const frameBytes = await client.compress(LOCAL, block, slot.dst, options);
  return slot.dst.bytes.subarray(0, frameBytes);
}
