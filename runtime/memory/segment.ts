/**
 * A segment: pages that the threads of a process share as one `SharedArrayBuffer`, and that other
 * processes may map too.
 *
 * The pages of a sealed memory file are mapped over a shared `WebAssembly.Memory`. Within the
 * process it is an ordinary shared buffer that `postMessage` hands to workers. Its size never
 * changes, and it is never unmapped while a view of it lives: the collector unmaps it with the last
 * view.
 *
 * Thread rules: a `Segment` belongs to its isolate; pass {@linkcode SegmentHandle} to another.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  addressOf,
  closeFile,
  createSealedMemory,
  ffiAvailable,
  fileSize,
  isSealed,
  makeEmptyFile,
  mapOver,
  openFile,
  prefault,
  processId,
  releasePages,
  removeAll,
  reserveFile,
  type SharedWords,
} from "../platform/mod.ts";
import { checkHeader, SegmentKind, writeHeader } from "./layout.ts";
import { asSegmentId, type SegmentId } from "./pointer.ts";

/** What lies behind a segment's pages. */
export type Backing = "memfd" | "file" | "private";

/** What `postMessage` hands to another thread of the process. */
export interface SegmentHandle {
  /** Unique in the node. */
  readonly id: SegmentId;
  /** What it is for. */
  readonly kind: SegmentKind;
  /**
   * The pages. Not the `WebAssembly.Memory` around them: each isolate that has that object counts all
   * of it as memory of its own, and collects garbage at once, and again with every further one.
   */
  readonly buffer: SharedArrayBuffer;
  /** Where they are mapped; 0 when another process cannot see them. */
  readonly address: number;
  /** Descriptor of the file behind them; -1: none. */
  readonly fd: number;
  /** What lies behind them. */
  readonly backing: Backing;
}

/** What a new segment is to be. */
export interface SegmentOptions {
  /** Unique in the node, from 1. */
  readonly id: number;
  /** What it is for. */
  readonly kind: SegmentKind;
  /** Rounded up to 64 KiB. */
  readonly sizeBytes: number;
  /** Worker threads of the node. */
  readonly workers: number;
  /** Plain memory of this process, even where memory could be mapped. */
  readonly private?: boolean;
  /**
   * Path of a file to make and map, where a sealed memory file cannot be reached by other
   * processes. Whoever may open it may also shrink it: it trusts its user.
   */
  readonly file?: string;
}

/** Pages of shared memory, as one isolate sees them. */
export class Segment {
  /** Unique in the node for its lifetime. */
  readonly id: SegmentId;
  /** What it is for. */
  readonly kind: SegmentKind;
  /** The pages. */
  readonly buffer: SharedArrayBuffer;
  /** As 32-bit words. */
  readonly i32: Int32Array;
  /** As 32-bit words without a sign. */
  readonly u32: Uint32Array;
  /** One by one. */
  readonly u8: Uint8Array<SharedArrayBuffer>;
  /** As 64-bit floats. */
  readonly f64: Float64Array;
  /** At any alignment. */
  readonly view: DataView<SharedArrayBuffer>;
  /** As words that several threads touch at once. */
  readonly words: SharedWords;
  /** Where the pages are mapped; 0 when another process cannot see them. */
  readonly address: number;
  /** Descriptor of the file behind the pages; -1: none, or it is closed. */
  readonly fd: number;
  /** What lies behind the pages. */
  readonly backing: Backing;
  /** A multiple of 64 KiB. */
  readonly sizeBytes: number;
  /** Whether the descriptor is this object's to close. */
  readonly #owner: boolean;
  #discarded = false;

  readonly #file: string | undefined;

  private constructor(handle: SegmentHandle, owner: boolean, file?: string) {
    const { buffer } = handle;
    this.id = handle.id;
    this.kind = handle.kind;
    this.buffer = buffer;
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.view = new DataView(buffer);
    this.address = handle.address;
    this.words = { i32: this.i32, address: handle.address };
    this.fd = handle.fd;
    this.backing = handle.backing;
    this.sizeBytes = buffer.byteLength;
    this.#owner = owner;
    this.#file = file;
  }

  /** Makes a segment: sealed and mappable where FFI is allowed, else private to the process. */
  static create(options: SegmentOptions): Segment {
    const sizeBytes = Math.max(1, Math.ceil(options.sizeBytes / 65536)) * 65536;
    const buffer = newPages(sizeBytes);
    const id = asSegmentId(options.id);
    let address = 0;
    let fd = -1;
    let backing: Backing = "private";
    if (options.private !== true && options.file !== undefined && ffiAvailable()) {
      fd = createMappedFile(options.file, sizeBytes);
      address = mapPages(buffer, sizeBytes, fd);
      backing = "file";
    } else if (options.private !== true && ffiAvailable()) {
      fd = createSealedMemory(`chimaera-${options.kind}-${options.id}`, sizeBytes);
      address = mapPages(buffer, sizeBytes, fd);
      backing = "memfd";
    }
    const handle = { id, kind: options.kind, buffer, address, fd, backing };
    const segment = new Segment(handle, true, backing === "file" ? options.file : undefined);
    writeHeader(segment.i32, { ...options, segmentId: options.id, sizeBytes });
    return segment;
  }

  /**
   * Maps a segment that another process made.
   *
   * @param path `/proc/<pid>/fd/<n>` of the node, or a file.
   * @param sealRequired Refuse a file whose size could still change under this process.
   *
   * Throws CHI-2006 for what is not such a segment, CHI-7002 for a file that cannot be opened.
   */
  static open(path: string, id: number, kind: SegmentKind, sealRequired: boolean): Segment {
    const fd = openFile(path);
    try {
      const backing: Backing = isSealed(fd) ? "memfd" : "file";
      if (sealRequired && backing !== "memfd") {
        throw new ChimaeraError("badSegment", { what: `open ${path}`, why: "it is not sealed" });
      }
      const sizeBytes = fileSize(fd);
      if (sizeBytes < 65536 || sizeBytes > LIMITS.segmentBytesMax || sizeBytes % 65536 !== 0) {
        throw new ChimaeraError("badSegment", { what: `open ${path}`, why: `${sizeBytes} bytes` });
      }
      const buffer = newPages(sizeBytes);
      const address = mapPages(buffer, sizeBytes, fd);
      const handle = { id: asSegmentId(id), kind, buffer, address, fd: -1, backing };
      const segment = new Segment(handle, false);
      // All clients can write to the bells: what one of them damaged must not keep others out.
      if (kind !== SegmentKind.bell) checkHeader(segment.i32, kind, sizeBytes, `open ${path}`);
      return segment;
    } finally {
      closeFile(fd);
    }
  }

  /** The segment that another thread of this process made. */
  static attach(handle: SegmentHandle): Segment {
    return new Segment(handle, false);
  }

  /** What {@linkcode attach} takes in another thread. */
  handle(): SegmentHandle {
    const { id, kind, buffer, address, fd, backing } = this;
    return { id, kind, buffer, address, fd, backing };
  }

  /** The path by which another process of this user can open the pages; empty if none can. */
  path(): string {
    if (this.fd < 0 || this.#discarded) return "";
    return this.#file ?? `/proc/${processId()}/fd/${this.fd}`;
  }

  /** Makes pages present ahead of their use. */
  async prefault(offsetBytes: number, sizeBytes: number): Promise<void> {
    if (this.address === 0 || this.#discarded) return;
    const size = Math.min(sizeBytes, this.sizeBytes - offsetBytes);
    if (size > 0) await prefault(this.address + offsetBytes, size);
  }

  /**
   * Gives the memory back at once, whoever still has views: they read zeros from then on. Called
   * on the object that made the segment, when nothing uses the content any more; a second call,
   * and one on an attached or opened segment, does nothing. A segment that is only dropped keeps
   * its pages for as long as the process lives.
   */
  discard(): void {
    if (!this.#owner || this.fd < 0 || this.#discarded) return;
    this.#discarded = true; // From here on the descriptor's number may be another file's.
    releasePages(this.fd, 0, this.sizeBytes);
    closeFile(this.fd);
    if (this.#file !== undefined) removeAll(this.#file);
  }
}

/** A file of its full size on the disk: room that is missing is an error here, not a signal later. */
function createMappedFile(path: string, sizeBytes: number): number {
  makeEmptyFile(path, sizeBytes);
  const fd = openFile(path);
  try {
    reserveFile(fd, sizeBytes);
    return fd;
  } catch (thrown) {
    closeFile(fd);
    removeAll(path);
    throw thrown;
  }
}

/** Whether another process of this user could open this one's memory files. */
export function memoryFilesReachable(): boolean {
  if (!ffiAvailable()) return false;
  const fd = createSealedMemory("chimaera-probe", 65536);
  try {
    closeFile(openFile(`/proc/${processId()}/fd/${fd}`));
    return true;
  } catch (thrown) {
    if (thrown instanceof ChimaeraError) return false;
    throw thrown;
  } finally {
    closeFile(fd);
  }
}

/** Pages at an address that other pages can be mapped over. */
function newPages(sizeBytes: number): SharedArrayBuffer {
  if (sizeBytes > LIMITS.segmentBytesMax) {
    throw new ChimaeraError("outOfMemory", {
      what: "make a segment",
      why: `${sizeBytes} bytes, the largest is ${LIMITS.segmentBytesMax}`,
    });
  }
  const pages = sizeBytes / 65536;
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return memory.buffer as unknown as SharedArrayBuffer;
  } catch (cause) {
    throw new ChimaeraError("outOfMemory", {
      what: "make a segment",
      why: `no address space for ${sizeBytes} bytes`,
      cause,
    });
  }
}

function mapPages(buffer: SharedArrayBuffer, sizeBytes: number, fd: number): number {
  const address = addressOf(new Uint8Array(buffer));
  mapOver(address, sizeBytes, fd);
  return address;
}
