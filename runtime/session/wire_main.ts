/**
 * Entry of the thread that reads and writes the socket of a program without shared memory, so that
 * the program may block. It moves bytes between the socket and the pipes of `wire_stream.ts`.
 *
 * Thread rules: a background thread of the client's process; it lives as long as the session.
 */

import { Bell, BellState, ringBell, Segment } from "../memory/mod.ts";
import {
  backgroundValue,
  ByteConnection,
  errnoOf,
  exchange,
  isNobody,
  load,
  store,
} from "../platform/mod.ts";
import {
  ERRNO_WORD,
  RECEIVER_LINE,
  RELIEF_LINE,
  ringPorts,
  SENDER_LINE,
  STATE_WORD,
  StreamState,
  threadEnds,
  WANTS_ROOM_WORD,
  type WireThreadStart,
} from "./wire_stream.ts";

const start = backgroundValue() as WireThreadStart;
const bells = Segment.attach(start.bells).words;
const control = new Int32Array(start.stream);
const pipes = threadEnds(start.stream);

function ringAll(): void {
  ringPorts(bells);
  ringBell(bells, RELIEF_LINE);
}

function enter(state: number): void {
  store(control, STATE_WORD, state);
  ringAll();
}

async function send(connection: ByteConnection): Promise<void> {
  const bell = new Bell(bells, SENDER_LINE);
  for (;;) {
    bell.prepare(BellState.eventLoop);
    const bytes = pipes.out.next();
    if (bytes.length === 0) {
      await bell.sleepAsync(Infinity);
      continue;
    }
    bell.finish();
    const count = await connection.write(bytes);
    if (count === 0) return;
    pipes.out.release(count);
    if (load(control, WANTS_ROOM_WORD) !== 0 && exchange(control, WANTS_ROOM_WORD, 0) !== 0) {
      ringAll();
    }
  }
}

async function receive(connection: ByteConnection): Promise<void> {
  const bell = new Bell(bells, RECEIVER_LINE);
  for (;;) {
    bell.prepare(BellState.eventLoop);
    const room = pipes.in.room();
    if (room.length === 0) {
      // A program that awaits nothing would never look.
      ringBell(bells, RELIEF_LINE);
      await bell.sleepAsync(Infinity);
      continue;
    }
    bell.finish();
    const count = await connection.read(room);
    if (count === 0) return;
    pipes.in.publish(count);
    ringPorts(bells);
  }
}

/** The connection; null when there is none, with the reason in its word. */
async function connected(): Promise<ByteConnection | null> {
  try {
    return await ByteConnection.connect(start.socketPath);
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 0) throw thrown;
    // Where nobody listens, the node has gone, as the program finds out by itself.
    if (!isNobody(errno)) store(control, ERRNO_WORD, errno);
    return null;
  }
}

try {
  const connection = await connected();
  if (connection !== null) {
    enter(StreamState.connected);
    await Promise.race([send(connection), receive(connection)]);
    connection.close();
  }
} finally {
  enter(StreamState.ended);
}
