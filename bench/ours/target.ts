/**
 * What the lines need of the engine, and nothing more: loops of tasks on a pool of `bench_noop`.
 *
 * Each loop submits values, checks every result, frees every task, and returns the sum of the
 * results; it throws when a result is wrong.
 */

/** The loops of a client thread. */
export interface Target {
  /** No-op tasks one at a time by `waitSync`. */
  syncLoop(ops: number): number;
  /** As {@linkcode syncLoop}, of a method whose handler takes 10 µs longer. */
  slowLoop(ops: number): number;
  /** No-op tasks one at a time by `await`. */
  awaitLoop(ops: number): Promise<number>;
  /** No-op tasks submitted `batch` at a time, at most {@linkcode PIPE_OUTSTANDING} under way. */
  pipeLoop(ops: number, batch: number): number;
  /** One promise per task, `outstanding` under way. */
  promiseLoop(ops: number, outstanding: number): Promise<number>;
  /** A handler that awaits `ops` no-op tasks of another lane, of its worker or `across` workers. */
  subtaskLoop(ops: number, across: boolean): number;
  /** A buffer of `sizeBytes` that tasks can pass by pointer. */
  makeBuffer(sizeBytes: number): PassedBuffer;
  close(): Promise<void>;
}

/** A bulk buffer of the client. */
export interface PassedBuffer {
  /** Passes the buffer to a handler that reads its ends, by `waitSync`. */
  pass(): number;
  /** Overwrites the whole buffer from private memory, as a client that copies would. */
  copyIn(): void;
}

/** Tasks that a pipe keeps under way at most. */
export const PIPE_OUTSTANDING = 4096;
