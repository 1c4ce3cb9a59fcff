/**
 * A file that is read and written at offsets, by its descriptor.
 *
 * Opening goes through the runtime, which checks its permissions for files. The descriptor is the
 * system's own, so that a ring of the kernel can use it too.
 *
 * In a simulation, which nothing real may come into, all calls are done when they return.
 *
 * Thread rules: a file belongs to the isolate that opened it.
 */

import { ChimaeraError, type ErrorName } from "../errors.ts";
import { nodeBuiltin } from "./node_builtin.ts";
import { isSimulated } from "./simulated_machine.ts";
import { errnoText } from "./syscalls.ts";

/** How a file is opened. For reading only when nothing is said. */
export interface FileAccess {
  /** For writing too. */
  readonly write?: boolean;
  /** Make the file when there is none; implies `write`. */
  readonly create?: boolean;
  /**
   * Go past the system's cache. Offset, size and address of every transfer must then be multiples
   * of the device's block, 4096 bytes to be sure.
   */
  readonly direct?: boolean;
}

// Loaded at the first use: it costs every worker 15 ms of its start.
type FileCalls = typeof import("node:fs");
let calls: FileCalls | undefined;

const PERMISSIONS_OF_NEW = 0o644;

const KIND_BY_NAME: Readonly<Record<string, ErrorName>> = {
  ENOENT: "fileNotFound",
  EACCES: "fileUnreadable",
  EPERM: "fileUnreadable",
  EISDIR: "fileIsDirectory",
  ENOSPC: "diskFull",
  EDQUOT: "diskFull",
};

/** The error of an operation on a file, by the system's number. */
export function fileErrorOfNumber(what: string, errno: number): ChimaeraError {
  return fileErrorOfText(what, errnoText(errno));
}

function fileErrorOfText(what: string, why: string, cause?: unknown): ChimaeraError {
  const kind = KIND_BY_NAME[/^[A-Z0-9]+/.exec(why)?.[0] ?? ""] ?? "fileIo";
  const hint = kind === "diskFull" ? "free some space" : undefined;
  return new ChimaeraError(kind, { what, why, hint, cause });
}

function fileError(what: string, thrown: unknown): ChimaeraError {
  if (thrown instanceof Deno.errors.NotCapable) {
    return new ChimaeraError("fileUnreadable", { what, why: thrown.message, cause: thrown });
  }
  const { code, message } = thrown as { code?: string; message?: string };
  const text = message ?? String(thrown);
  const why = code === undefined || text.startsWith(code) ? text : `${code}: ${text}`;
  return fileErrorOfText(what, why, thrown);
}

/** A call with a callback, as a promise that rejects with our errors. */
async function settle<T>(
  what: string,
  call: (done: (error: unknown, value: T) => void) => void,
): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      call((error, value) => error ? reject(error) : resolve(value));
    });
  } catch (thrown) {
    throw fileError(what, thrown);
  }
}

export class PositionalFile {
  readonly path: string;
  readonly descriptor: number;
  readonly #calls: FileCalls;

  private constructor(path: string, descriptor: number, loaded: FileCalls) {
    this.path = path;
    this.descriptor = descriptor;
    this.#calls = loaded;
  }

  /** Opens a file. Throws CHI-1101, CHI-1102, CHI-1103, CHI-1105, CHI-1106. */
  static async open(path: string, access: FileAccess): Promise<PositionalFile> {
    const fs = calls ??= isSimulated() ? nodeBuiltin("node:fs") : await import("node:fs");
    const { O_RDONLY, O_RDWR, O_CREAT, O_DIRECT } = fs.constants;
    const create = access.create === true;
    const flags = (create || access.write === true ? O_RDWR : O_RDONLY) |
      (create ? O_CREAT : 0) | (access.direct === true ? O_DIRECT : 0);
    const what = `open ${path}`;
    if (access.direct === true && O_DIRECT === undefined) {
      throw new ChimaeraError("fileIo", { what, why: "this system has no direct access" });
    }
    const descriptor = await settle<number>(what, (done) => {
      if (isSimulated()) done(null, fs.openSync(path, flags, PERMISSIONS_OF_NEW));
      else fs.open(path, flags, PERMISSIONS_OF_NEW, done);
    });
    return new PositionalFile(path, descriptor, fs);
  }

  /** Bytes of the file; 0 for a device. */
  get sizeBytes(): number {
    return this.#try("measure", () => this.#calls.fstatSync(this.descriptor).size);
  }

  /** Reads at an offset and blocks the thread meanwhile. Returns the bytes read, 0 at the end. */
  readAt(into: Uint8Array, offsetBytes: number): number {
    const { descriptor } = this;
    return this.#try(
      "read",
      () => this.#calls.readSync(descriptor, into, 0, into.length, offsetBytes),
    );
  }

  /** Writes at an offset and blocks the thread meanwhile. Returns the bytes written. */
  writeAt(from: Uint8Array, offsetBytes: number): number {
    const { descriptor } = this;
    return this.#try(
      "write",
      () => this.#calls.writeSync(descriptor, from, 0, from.length, offsetBytes),
    );
  }

  /** Makes what was written durable, on a thread of the runtime's pool. */
  sync(dataOnly: boolean): Promise<void> {
    const calls = this.#calls;
    return settle(`sync ${this.path}`, (done) => {
      if (isSimulated()) done(null, calls.fsyncSync(this.descriptor));
      else (dataOnly ? calls.fdatasync : calls.fsync)(this.descriptor, done);
    });
  }

  close(): void {
    this.#try("close", () => this.#calls.closeSync(this.descriptor));
  }

  #try<T>(what: string, call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw fileError(`${what} ${this.path}`, thrown);
    }
  }
}
