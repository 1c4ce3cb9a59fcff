/**
 * Decompressing what cannot be taken apart: pieces of the source go to one lane, which keeps the
 * decoder. The next piece is read, and the last result written, while a piece is decoded.
 */

import { type Block, type Bulk, DomainQuery } from "../../sdk/mod.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import type { CodecInfo } from "../../chimods/compressor/compressor_client.ts";
import type { UnpackJob } from "./unpack.ts";

const LOCAL = DomainQuery.getLocalId();
const SOURCE_BYTES = 1 << 20;
/** The largest block of an lz4 frame. */
const RESULT_BYTES = 4 << 20;

/** Two blocks that take turns. */
class Pair implements Disposable {
  readonly #blocks: readonly [Block, Block];
  #turn: 0 | 1 = 0;

  constructor(job: UnpackJob, sizeBytes: number) {
    this.#blocks = [job.session.alloc(sizeBytes), job.session.alloc(sizeBytes)];
  }

  get current(): Block {
    return this.#blocks[this.#turn];
  }

  swap(): void {
    this.#turn = this.#turn === 0 ? 1 : 0;
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks) block.free();
  }
}

/** Decompresses the rest of the source; returns by what. Throws CHI-6002 for what is damaged. */
export async function unpackStream(job: UnpackJob, codec: CodecInfo): Promise<string> {
  const { client, reader } = job;
  const place = `the stream from byte ${reader.position} on`;
  const { id, provider } = await client.openStream(LOCAL, codec.id);
  try {
    await pushAll(job, id);
  } catch (thrown) {
    await client.closeStream(LOCAL, id, false);
    throw reader.damaged(thrown, place);
  }
  try {
    await client.closeStream(LOCAL, id, true);
    return provider;
  } catch (thrown) {
    throw reader.damaged(thrown, place);
  }
}

async function pushAll(job: UnpackJob, id: number): Promise<void> {
  using sources = new Pair(job, SOURCE_BYTES);
  using results = new Pair(job, RESULT_BYTES);
  let written: Promise<void> = Promise.resolve();
  let filled = await job.reader.fill(sources.current.bytes);
  while (filled > 0) {
    const piece = sources.current;
    sources.swap();
    const next = job.reader.fill(sources.current.bytes);
    next.catch(() => {}); // Awaited below, once this piece is done.
    for (let at = 0, full = false; at < filled || full;) {
      const done = await pushPiece(job, id, piece.slice(at, filled - at), results.current);
      at += done.read;
      full = done.written === results.current.size;
      await written;
      written = job.sink.write(results.current.bytes.subarray(0, done.written));
      written.catch(() => {}); // Awaited before the next one.
      results.swap();
    }
    job.onProgress();
    filled = await next;
  }
  await written;
}

async function pushPiece(
  { client }: UnpackJob,
  id: number,
  src: Bulk,
  dst: Block,
): Promise<{ read: number; written: number }> {
  const done = await client.pushStream(LOCAL, id, src, dst);
  if (done.read > 0 || done.written > 0 || src.size === 0) return done;
  throw new ChimaeraError("codecFailed", {
    what: "decompress a stream",
    why: "the decoder neither takes nor gives anything",
  });
}
