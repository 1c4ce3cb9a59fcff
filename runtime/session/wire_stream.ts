/**
 * What a program over the socket shares with the thread that reads and writes the socket for it:
 * two pipes, a few control words, and bells.
 *
 *   stream     0      control words: 0 state (see StreamState) · 1 the system's number of the error
 *                     that kept the thread from connecting · 16 whether the program waits for room
 *                     in the pipe out
 *              128    the pipe out, then the pipe in
 *   bells      line 3 relief: the program's event loop waits for the thread to make or need room
 *                   4 the thread waits for bytes to send   5 the thread waits for room to receive
 *                   8 … one per port
 *
 * The thread moves bytes and knows nothing of frames. Both ends are of one program.
 */

import { LIMITS } from "../limits.ts";
import {
  byteRingBytes,
  ByteRingConsumer,
  ByteRingProducer,
  ringBell,
  type SegmentHandle,
} from "../memory/mod.ts";
import type { SharedWords } from "../platform/mod.ts";

/** Life of the thread's connection. */
export const StreamState = { starting: 0, connected: 1, ended: 2 } as const;

export const STATE_WORD = 0;
export const ERRNO_WORD = 1;
export const WANTS_ROOM_WORD = 16;
const OUT_OFFSET = 128;
const PIPE_BYTES = 1 << 20;
const IN_OFFSET: number = OUT_OFFSET + byteRingBytes(PIPE_BYTES);

export const RELIEF_LINE = 3;
export const SENDER_LINE = 4;
export const RECEIVER_LINE = 5;
/** The bell line of the first port. */
export const FIRST_PORT_LINE = 8;

/** What the thread is started with. */
export interface WireThreadStart {
  readonly socketPath: string;
  readonly stream: SharedArrayBuffer;
  readonly bells: SegmentHandle;
}

export function newStream(): SharedArrayBuffer {
  return new SharedArrayBuffer(IN_OFFSET + byteRingBytes(PIPE_BYTES));
}

/** The program's ends of the pipes. */
export function programEnds(stream: SharedArrayBuffer): {
  out: ByteRingProducer;
  in: ByteRingConsumer;
} {
  return {
    out: new ByteRingProducer(stream, OUT_OFFSET, PIPE_BYTES),
    in: new ByteRingConsumer(stream, IN_OFFSET, PIPE_BYTES),
  };
}

/** The thread's ends of the pipes. */
export function threadEnds(stream: SharedArrayBuffer): {
  out: ByteRingConsumer;
  in: ByteRingProducer;
} {
  return {
    out: new ByteRingConsumer(stream, OUT_OFFSET, PIPE_BYTES),
    in: new ByteRingProducer(stream, IN_OFFSET, PIPE_BYTES),
  };
}

/** Wakes whoever of the program sleeps in a port. */
export function ringPorts(bells: SharedWords): void {
  for (let k = 0; k < LIMITS.portsPerSession; k++) ringBell(bells, FIRST_PORT_LINE + k);
}
