/**
 * Decompressing a source: frame by frame, each frame a task, as far as it can be taken apart; the
 * rest as a stream, which is a task per piece on one lane.
 *
 * Shared memory is bounded: a frame waits until what is under way leaves room for it.
 */

import { type Block, DomainQuery, type Session } from "../../sdk/mod.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { type Client, Form } from "../../chimods/compressor/compressor_client.ts";
import type { FrameReader, Piece } from "./frame_reader.ts";
import { windowOf } from "./limits.ts";
import { OrderedWindow } from "./ordered_window.ts";
import type { Sink } from "./sink.ts";
import { unpackStream } from "./unpack_stream.ts";

const LOCAL = DomainQuery.getLocalId();

/** What to decompress. */
export interface UnpackJob {
  readonly session: Session;
  readonly client: Client;
  readonly reader: FrameReader;
  readonly sink: Sink;
  readonly lanes: number;
  /** Told after each piece. */
  readonly onProgress: () => void;
}

/** What a source was made of. */
export interface UnpackResult {
  /** Frames that were tasks of their own. */
  readonly frames: number;
  /** The implementation that decoded the rest, or all of it, as a stream; null when nothing was. */
  readonly streamProvider: string | null;
}

interface Unpacked {
  readonly src: Block;
  readonly dst: Block;
  readonly rawBytes: number;
}

/** Decompresses all of the source. Throws CHI-6002 for what is damaged. */
export async function unpack(job: UnpackJob): Promise<UnpackResult> {
  const window = new OrderedWindow<Unpacked>(windowOf(job.lanes));
  const [result] = await Promise.all([
    submitAll(job, window),
    window.handOn(async ({ src, dst, rawBytes }) => {
      await job.sink.write(dst.bytes.subarray(0, rawBytes));
      src.free();
      dst.free();
    }),
  ]);
  return result;
}

async function submitAll(
  job: UnpackJob,
  window: OrderedWindow<Unpacked>,
): Promise<UnpackResult> {
  const { reader, onProgress } = job;
  let frames = 0;
  while (true) {
    await window.room();
    const piece = await reader.next();
    if (piece.kind === "frame") {
      window.add(unpackFrame(job, piece, await blocksFor(job.session, piece, window)));
      frames++;
      onProgress();
      continue;
    }
    // What comes after the frames is written after them.
    await window.empty();
    const streamProvider = piece.kind === "stream" ? await unpackStream(job, piece.codec) : null;
    window.end();
    return { frames, streamProvider };
  }
}

type FramePiece = Extract<Piece, { kind: "frame" }>;

/** A block with the frame and one for its data, as soon as there is room for them. */
async function blocksFor(
  session: Session,
  { frame, rawBytes }: FramePiece,
  window: OrderedWindow<Unpacked>,
): Promise<{ src: Block; dst: Block }> {
  while (true) {
    const src = allocated(session, frame.length);
    const dst = src === null ? null : allocated(session, Math.max(1, rawBytes));
    if (src !== null && dst !== null) {
      src.bytes.set(frame);
      return { src, dst };
    }
    src?.free();
    if (window.length === 0) session.alloc(frame.length + rawBytes); // Throws with the figures.
    await window.oneLess();
  }
}

/** A block, or null while there is no room. */
function allocated(session: Session, sizeBytes: number): Block | null {
  try {
    return session.alloc(sizeBytes);
  } catch (thrown) {
    if (thrown instanceof ChimaeraError && thrown.kind === "outOfMemory") return null;
    throw thrown;
  }
}

/** One frame as one task. */
async function unpackFrame(
  { client, reader }: UnpackJob,
  { codec, rawBytes, position }: FramePiece,
  { src, dst }: { src: Block; dst: Block },
): Promise<Unpacked> {
  try {
    const room = dst.slice(0, rawBytes);
    await client.decompress(LOCAL, src, room, { form: Form.frame, codec: codec.id });
    return { src, dst, rawBytes };
  } catch (thrown) {
    throw reader.damaged(thrown, `the frame at byte ${position}`);
  }
}
