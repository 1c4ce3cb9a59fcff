/**
 * The disk operations of one worker.
 *
 * They go into a ring of the kernel, opened at the first of them:
 *
 *   handler ─ read, write, sync ─▶ ring ─▶ device
 *      ▲                             │
 *      └── promise ◀── poll() ◀── completion
 *
 * The worker's loop resolves the promises, so a handler that waits for one is not foreign to it.
 * With nothing else to do the loop sleeps in the ring, where the bell's word is one more operation:
 * a ring of the bell and a finished operation wake it alike. The wait for the word stays armed from
 * one sleep to the next; it ends by the first ring of the bell, wherever the worker then sleeps. In
 * its event loop, where foreign promises need it, a thread of the runtime's pool watches the ring.
 *
 * Where there is no such ring, reading and writing block the lane for as long as the device takes,
 * with the same results; syncing goes to a thread of the runtime's pool.
 *
 * From its beginning to its completion an operation pins the task that began it, the bytes, and the
 * file.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Bell } from "../memory/mod.ts";
import { type Clock, fileErrorOfNumber, openUring, type Uring } from "../platform/mod.ts";
import { type DiskFile, openedUnder } from "./disk_file.ts";
import { type BounceSource, bytesOf, type DiskBytes, transferMemory } from "./disk_memory.ts";
import type { DiskBackend } from "./node_control.ts";
import type { RunContext } from "./run_context.ts";

/** Names of what the ring does besides disk operations, whose names count from 0. */
const BELL = -1;
const CANCELLATION = -2;

/** What a disk queue needs of its worker. */
export interface DiskQueueParts extends BounceSource {
  readonly bell: Bell;
  readonly clock: Clock;
  /** Something began or may be complete, perhaps outside a pass. */
  readonly onReady: () => void;
  /** It is known now how this machine's disks are reached. */
  readonly onBackend?: (backend: DiskBackend) => void;
  /** Another source of rings, for tests. */
  readonly openRing?: (entries: number) => Uring | null;
}

/** One reading or writing of a file. */
export interface Transfer {
  readonly isWrite: boolean;
  readonly file: DiskFile;
  readonly offsetBytes: number;
  readonly rctx: RunContext;
}

interface Operation {
  readonly file: DiskFile;
  readonly rctx: RunContext;
  readonly send: (ring: Uring, name: number) => void;
  readonly settle: (result: number) => void;
}

export class DiskQueue {
  readonly #parts: DiskQueueParts;
  /** Undefined: not asked for yet; null: there is none. */
  #ring: Uring | null | undefined = undefined;
  readonly #operations: (Operation | null)[] = [];
  readonly #freeNames: number[] = [];
  /** Operations for which the ring has no room yet. */
  readonly #waiting: Operation[] = [];
  readonly #files = new Set<DiskFile>();
  #bellArmed = false;
  #watching = false;
  #closed = false;
  /** Operations that the kernel has. */
  inFlight = 0;

  constructor(parts: DiskQueueParts) {
    this.#parts = parts;
  }

  get backend(): DiskBackend {
    if (this.#ring === undefined) return "unused";
    return this.#ring === null ? "blocking" : "io_uring";
  }

  // ---- operations ------------------------------------------------------------------------------

  /** Reads or writes; resolves with the bytes transferred. */
  transfer(request: Transfer, memory: DiskBytes): Promise<number> {
    const { isWrite, file, offsetBytes, rctx } = request;
    const what = `${isWrite ? "write" : "read"} ${file.path}`;
    return new Promise((resolve, reject) => {
      checkOffset(what, offsetBytes);
      const opened = openedUnder(file, what);
      const { descriptor } = opened;
      const ring = this.#openRing(what);
      const bytes = bytesOf(memory);
      if (bytes.length === 0) return resolve(0);
      const place = transferMemory(bytes, isWrite, this.#parts);
      const settle = (take: () => number) => {
        try {
          let count = 0;
          try {
            count = take();
          } finally {
            place.done(isWrite ? 0 : count);
          }
          resolve(count);
        } catch (thrown) {
          reject(thrown);
        }
      };
      if (ring === null) {
        return settle(() =>
          isWrite
            ? opened.writeAt(place.bytes, offsetBytes)
            : opened.readAt(place.bytes, offsetBytes)
        );
      }
      this.#start({
        file,
        rctx,
        send: (ring, name) => {
          const { address, bytes } = place;
          if (isWrite) ring.write(name, descriptor, address, bytes.length, offsetBytes);
          else ring.read(name, descriptor, address, bytes.length, offsetBytes);
        },
        settle: (result) => settle(() => this.#checked(what, result)),
      });
    });
  }

  /** Makes a file's earlier writes durable. */
  sync(file: DiskFile, dataOnly: boolean, rctx: RunContext): Promise<void> {
    const what = `sync ${file.path}`;
    return new Promise((resolve, reject) => {
      const opened = openedUnder(file, what);
      if (this.#openRing(what) === null) {
        this.#syncElsewhere(file, rctx, opened.sync(dataOnly)).then(resolve, reject);
        return;
      }
      this.#start({
        file,
        rctx,
        send: (ring, name) => ring.sync(name, opened.descriptor, dataOnly),
        settle: (result) => {
          try {
            this.#checked(what, result);
            resolve();
          } catch (thrown) {
            reject(thrown);
          }
        },
      });
    });
  }

  /** A sync on a thread of the pool, which this loop does not resolve. */
  async #syncElsewhere(file: DiskFile, rctx: RunContext, done: Promise<void>): Promise<void> {
    file.begin();
    rctx.pin();
    try {
      await done;
    } finally {
      file.end();
      rctx.unpin();
      this.#parts.onReady();
    }
  }

  #start(operation: Operation): void {
    operation.file.begin();
    operation.rctx.pin();
    operation.rctx.park();
    if (this.inFlight < LIMITS.diskOperationsMax) this.#send(operation);
    else this.#waiting.push(operation);
    this.#parts.onReady();
  }

  #send(operation: Operation): void {
    const name = this.#freeNames.pop() ?? this.#operations.length;
    this.#operations[name] = operation;
    this.inFlight++;
    operation.send(this.#ring!, name);
  }

  readonly #complete = (name: number, result: number): void => {
    if (name === BELL) this.#bellArmed = false;
    if (name < 0) return;
    const operation = this.#operations[name]!;
    this.#operations[name] = null;
    this.#freeNames.push(name);
    this.inFlight--;
    if (this.#waiting.length > 0) this.#send(this.#waiting.shift()!);
    this.#end(operation, result);
  };

  #end({ file, rctx, settle }: Operation, result: number): void {
    settle(result);
    file.end();
    rctx.unpark();
    rctx.unpin();
  }

  /** The result of an operation, or its error. */
  #checked(what: string, result: number): number {
    if (result >= 0) return result;
    const error = fileErrorOfNumber(what, -result);
    throw this.#closed ? stopped(what, error) : error;
  }

  #openRing(what: string): Uring | null {
    if (this.#closed) throw stopped(what, null);
    if (this.#ring === undefined) {
      // A bell without an address is rung within the process only, and not by futex.
      const open = this.#parts.bell.epochAddress === 0 ? () => null : this.#parts.openRing;
      this.#ring = (open ?? openUring)(LIMITS.diskOperationsMax + 2);
      this.#parts.onBackend?.(this.backend);
    }
    return this.#ring;
  }

  // ---- the worker's loop -----------------------------------------------------------------------

  /** Hands over what began, and resolves what is over. Returns how much that was. */
  poll(): number {
    if (this.inFlight === 0) return 0;
    const ring = this.#ring!;
    ring.submit();
    return ring.reap(this.#complete);
  }

  /** Hands over what began. */
  submit(): void {
    if (this.inFlight > 0) this.#ring!.submit();
  }

  /** Whether {@linkcode poll} would find something that is over. */
  get pending(): boolean {
    return this.inFlight > 0 && this.#ring!.ready;
  }

  /**
   * Blocks the thread until an operation is over, the bell rings, or time is up. Only with
   * operations in flight, and after `bell.prepare` and a last look around.
   */
  sleep(timeoutMs: number): void {
    const ring = this.#ring!;
    if (!this.#bellArmed) {
      const { epochAddress, epoch } = this.#parts.bell;
      ring.waitForWord(BELL, epochAddress, epoch);
      this.#bellArmed = true;
    }
    ring.wait(timeoutMs);
  }

  /** Calls `onReady` when an operation in flight is over, while the worker is in its event loop. */
  watch(): void {
    if (this.inFlight === 0 || this.#watching) return;
    this.#watching = true;
    // Bounded, because a wait on the pool cannot be taken back.
    this.#ring!.untilReady(LIMITS.sleepMs).then(() => {
      this.#watching = false;
      this.#parts.onReady();
    });
  }

  // ---- files, and the end ----------------------------------------------------------------------

  /** Keeps a file in mind, to close it with the worker. Returns the queue itself. */
  adopt(file: DiskFile): DiskQueue {
    this.#files.add(file);
    return this;
  }

  forget(file: DiskFile): void {
    this.#files.delete(file);
  }

  /**
   * Takes back what has not begun at the device, waits for the rest, and closes the ring and every
   * file. Throws CHI-1106 when a device does not answer.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const canceled = -125; // ECANCELED, on every architecture.
    for (const operation of this.#waiting.splice(0)) this.#end(operation, canceled);
    if (this.#ring) this.#drain(this.#ring);
    for (const file of this.#files) file.closeNow();
  }

  #drain(ring: Uring): void {
    const { clock } = this.#parts;
    const endMs = clock.nowMs() + LIMITS.destroyGraceMs;
    if (this.inFlight > 0) ring.cancelAll(CANCELLATION);
    while (this.inFlight > 0 && clock.nowMs() < endMs) {
      ring.wait(LIMITS.sleepMs);
      ring.reap(this.#complete);
    }
    ring.close();
    if (this.inFlight === 0) return;
    throw new ChimaeraError("fileIo", {
      what: "end a worker's disk operations",
      why: `${this.inFlight} are under way after ${LIMITS.destroyGraceMs} ms`,
    });
  }
}

function checkOffset(what: string, offsetBytes: number): void {
  if (Number.isSafeInteger(offsetBytes) && offsetBytes >= 0) return;
  throw new ChimaeraError("badSize", { what, why: `the offset is ${offsetBytes}` });
}

function stopped(what: string, cause: unknown): ChimaeraError {
  return new ChimaeraError("shutdown", { what, why: "the worker ends", cause });
}
