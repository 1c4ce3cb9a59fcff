/**
 * The program of the demo: computes frames of a Gray–Scott field and sends each one through a
 * compressor pool of a running node, by pointer.
 *
 *   deno run -A examples/gray_scott/client.ts [--instance NAME] [--frames N] [--cells N] [--png FILE]
 *                                             [--transport auto|shm|socket]
 *
 * The field's memory is shared with the node: the block that the simulation writes is the block
 * that the module reads. Each frame is compressed, restored into another block, and compared bit by
 * bit. The last line on stdout is one JSON object.
 */

import { parseArgs } from "node:util";
import { type Block, connect, type ConnectOptions, DomainQuery, type Session } from "chimaera";
import { Client, CodecId, compressBound } from "chimaera/compressor_client";
import { renderPng } from "./render.ts";
import { GrayScott } from "./simulation.ts";

const LOCAL = DomainQuery.getLocalId();
/** A float32: bytes of equal weight compress better side by side. */
const TYPE_SIZE = 4;

/** What the demo's last line says of the work. */
export interface ClientReport {
  readonly frames: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Raw bytes per compressed byte. */
  readonly ratio: number;
  /** Raw bytes through both directions, by the time that the tasks took. */
  readonly gbPerS: number;
  readonly transport: string;
  readonly serverPid: number;
  readonly clientPid: number;
  readonly png: string;
}

function floatsOf(block: Block): Float32Array<SharedArrayBuffer> {
  const { buffer, byteOffset, byteLength } = block.bytes;
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/** Whether two blocks hold the same bits. */
function sameBits(a: Block, b: Block): boolean {
  const x = new BigUint64Array(a.bytes.buffer, a.bytes.byteOffset, a.size / 8);
  const y = new BigUint64Array(b.bytes.buffer, b.bytes.byteOffset, b.size / 8);
  for (let k = 0; k < x.length; k++) if (x[k] !== y[k]) return false;
  return true;
}

/** Compresses a frame, restores it, and compares. Returns compressed bytes and time taken. */
async function roundTrip(
  compressor: Client,
  frame: Block,
  packed: Block,
  restored: Block,
): Promise<{ packedBytes: number; elapsedMs: number }> {
  const beganMs = performance.now();
  const packedBytes = await compressor.compress(LOCAL, frame, packed, { typeSize: TYPE_SIZE });
  const rawBytes = await compressor.decompress(LOCAL, packed.slice(0, packedBytes), restored);
  const elapsedMs = performance.now() - beganMs; // The tasks; not the comparison.
  if (rawBytes !== frame.size || !sameBits(frame, restored)) {
    throw new Error(`a frame came back different: ${rawBytes} of ${frame.size} bytes`);
  }
  return { packedBytes, elapsedMs };
}

/** Runs all frames of a field of `cells` × `cells`; draws the last one. */
async function run(
  session: Session,
  frames: number,
  cells: number,
  png: string,
): Promise<ClientReport> {
  const compressor = new Client(session);
  await compressor.create(LOCAL, LOCAL, "gray_scott", undefined, CodecId.lz4);
  const simulation = new GrayScott({ sizeCells: cells });
  const { frameBytes } = simulation;
  // The simulation goes on from the frame in this block, so it lives as long as the simulation.
  using frame = session.alloc(frameBytes);
  using packed = session.alloc(compressBound(frameBytes));
  using restored = session.alloc(frameBytes);
  let bytesOut = 0;
  let taskMs = 0;
  for (let done = 1; done <= frames; done++) {
    simulation.advance(floatsOf(frame));
    const { packedBytes, elapsedMs } = await roundTrip(compressor, frame, packed, restored);
    bytesOut += packedBytes;
    taskMs += elapsedMs;
    if (done % 8 === 0) {
      const ratio = (done * frameBytes / bytesOut).toFixed(2);
      console.error(`frame ${done} of ${frames}: all bits equal, ratio so far ${ratio}`);
    }
  }
  Deno.writeFileSync(png, renderPng(floatsOf(frame), simulation.sizeCells));
  const bytesIn = frames * frameBytes;
  return {
    frames,
    bytesIn,
    bytesOut,
    ratio: Number((bytesIn / bytesOut).toFixed(3)),
    gbPerS: Number((2 * bytesIn / taskMs / 1e6).toPrecision(3)),
    transport: session.transport,
    serverPid: session.nodePid,
    clientPid: Deno.pid,
    png,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      instance: { type: "string", default: "default" },
      frames: { type: "string", default: "64" },
      cells: { type: "string", default: "1024" },
      png: { type: "string", default: "gray_scott.png" },
      transport: { type: "string", default: "auto" },
    },
  });
  const { instance, frames, cells, png } = values;
  const transport = values.transport as ConnectOptions["transport"] & string;
  await using session = await connect({ instance, transport });
  console.log(JSON.stringify(await run(session, Number(frames), Number(cells), png)));
}
