/**
 * `DiskFile`: a file or block device, for handlers.
 *
 * A handler reads and writes through `file.in(rctx)`. Bytes go straight between the device and
 * shared memory; other tasks of the lane run meanwhile, and a worker with nothing else to do sleeps
 * in the kernel's ring. A task ends only when its operations are over, awaited or not: what it
 * names is not given back under the kernel.
 *
 * Thread rules: a file belongs to the worker whose module opened it. Each lane's instance opens its
 * own, or shares one of its worker by `perWorker`.
 */

import { ChimaeraError } from "../errors.ts";
import { type FileAccess, PositionalFile } from "../platform/mod.ts";
import type { DiskBytes } from "./disk_memory.ts";
import type { DiskQueue } from "./disk_queue.ts";
import { hostOf, type RunContext } from "./run_context.ts";

/** How {@linkcode DiskAccess.sync} makes writes durable. */
export interface SyncOptions {
  /** Leave out times and the like; the size is kept. As `fdatasync` does. */
  readonly dataOnly?: boolean;
}

/** A file, used by one task. */
export class DiskAccess {
  readonly #file: DiskFile;
  readonly #queue: DiskQueue;
  readonly #rctx: RunContext;
  readonly #life: number;

  /** For the runtime; handlers get one from `file.in(rctx)`. */
  constructor(file: DiskFile, queue: DiskQueue, rctx: RunContext) {
    this.#file = file;
    this.#queue = queue;
    this.#rctx = rctx;
    this.#life = rctx.life;
  }

  /**
   * Reads into `into` from `offsetBytes` of the file on.
   *
   * @param into A bulk field or other shared memory; bytes of private memory are copied once.
   * @returns Bytes read: fewer than there was room for at the end of the file, and whenever the
   * kernel says so; 0 past the end.
   *
   * Rejects with CHI-1106 and the system's own error, with CHI-3008 when the task is over.
   */
  read(into: DiskBytes, offsetBytes: number): Promise<number> {
    return this.#use("read") ?? this.#queue.transfer(
      { isWrite: false, file: this.#file, offsetBytes, rctx: this.#rctx },
      into,
    );
  }

  /**
   * Writes `from` at `offsetBytes` of the file.
   *
   * @returns Bytes written; fewer than were given when the device took only a part.
   *
   * Rejects with CHI-1105 when the disk is full, otherwise as {@linkcode read}.
   */
  write(from: DiskBytes, offsetBytes: number): Promise<number> {
    return this.#use("write") ?? this.#queue.transfer(
      { isWrite: true, file: this.#file, offsetBytes, rctx: this.#rctx },
      from,
    );
  }

  /**
   * Makes durable what was written before: writes that are still under way may be left out.
   *
   * Rejects as {@linkcode write}. After a rejection nothing is known of earlier writes.
   */
  sync(options: SyncOptions = {}): Promise<void> {
    return this.#use("sync") ??
      this.#queue.sync(this.#file, options.dataOnly === true, this.#rctx);
  }

  #use(what: string): Promise<never> | null {
    if (this.#rctx.life === this.#life) return null;
    return Promise.reject(
      new ChimaeraError("noRunContext", {
        what: `${what} ${this.#file.path}`,
        why: "the task that it was opened for is over",
        hint: "call `file.in(rctx)` in each handler",
      }),
    );
  }
}

/**
 * The system's file under one of ours, for the operation `what`. Throws CHI-1106 when it is closed.
 * Not for modules, so it is no member of the file.
 */
export let openedUnder: (file: DiskFile, what: string) => PositionalFile;

/**
 * A file or block device that handlers read and write.
 *
 * @example
 * ```ts ignore
 * import { DiskFile, Module, type RunContext } from "chimaera";
 *
 * export class Server extends Module {
 *   #file!: DiskFile;
 *
 *   async create(task: CreateTask, _rctx: RunContext) {
 *     this.createLaneGroup(0, 1, QUEUE_LOW_LATENCY);
 *     this.#file = await DiskFile.open(task.path, { create: true });
 *   }
 *   async read(task: ReadTask, rctx: RunContext) {
 *     task.dataSize = await this.#file.in(rctx).read(task.data, task.offset);
 *   }
 *   override close() {
 *     return this.#file.close();
 *   }
 * }
 * ```
 */
export class DiskFile {
  readonly #file: PositionalFile;
  #queue: DiskQueue | null = null;
  #underWay = 0;
  /** No operation may begin. */
  #closing = false;
  #closed = false;
  #onIdle: (() => void) | null = null;

  static {
    openedUnder = (file, what) => file.#opened(what);
  }

  private constructor(file: PositionalFile) {
    this.#file = file;
  }

  /**
   * Opens a file, for reading only unless `access` says more.
   *
   * Throws CHI-1101 when there is none, CHI-1102 when it may not be used so, CHI-1103 for a folder,
   * CHI-1106 with the system's own error, such as that its file system has no direct access.
   */
  static async open(path: string, access: FileAccess = {}): Promise<DiskFile> {
    return new DiskFile(await PositionalFile.open(path, access));
  }

  /** As given to {@linkcode open}. */
  get path(): string {
    return this.#file.path;
  }

  /** Bytes of the file; 0 for a device. */
  get sizeBytes(): number {
    return this.#opened(`measure ${this.path}`).sizeBytes;
  }

  /** The file for the task that `rctx` runs. Throws CHI-1106 when the file is closed. */
  in(rctx: RunContext): DiskAccess {
    this.#opened(`use ${this.path}`);
    this.#queue ??= hostOf(rctx).disk.adopt(this);
    return new DiskAccess(this, this.#queue, rctx);
  }

  /** Closes the file once its operations are over. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
    this.closeNow();
  }

  /** As {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #opened(what: string): PositionalFile {
    if (!this.#closing) return this.#file;
    throw new ChimaeraError("fileIo", { what, why: "the file was closed" });
  }

  // ---- for the runtime -------------------------------------------------------------------------

  /** An operation begins. */
  begin(): void {
    this.#underWay++;
  }

  /** An operation is over. */
  end(): void {
    if (--this.#underWay === 0) this.#onIdle?.();
  }

  /** Closes the file, whatever is under way: the worker ends. */
  closeNow(): void {
    if (this.#closed) return;
    this.#closing = true;
    this.#closed = true;
    this.#queue?.forget(this);
    this.#file.close();
  }
}
