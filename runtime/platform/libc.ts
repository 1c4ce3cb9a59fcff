/**
 * The C library through FFI: mappings, sealed memory files, futexes, locks, affinity, doorbells.
 *
 * The library is opened at the first use and kept for the life of the isolate. Where FFI is denied
 * or the system is not Linux, {@linkcode ffiAvailable} is false and callers choose their other way;
 * a call made regardless throws CHI-7001.
 *
 * Thread rules: each isolate opens its own; the calls themselves are thread-safe.
 */

import { ChimaeraError } from "../errors.ts";
import { errnoText, LINUX, SYS } from "./syscalls.ts";

const SYMBOLS = {
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  close: { parameters: ["i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // For single bytes: a result of 32 bits is a number, and costs less.
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  memcpy: { parameters: ["usize", "usize", "usize"], result: "pointer" },
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  // Variadic in C; on the two supported ABIs integer arguments travel alike. Numbers as `usize` and
  // bigint results take the slow way into C (measured: 620 ns for a futex wake, 270 ns this way,
  // 244 ns in C), so addresses go as buffers.
  futex: {
    name: "syscall",
    parameters: ["i32", "buffer", "i32", "i32", "buffer", "i32", "i32"],
    result: "i32",
  },
} as const;

const BACKGROUND_SYMBOLS = {
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32", nonblocking: true },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: Libc | null | undefined;

function tryOpen(): Libc | null {
  if (Deno.build.os !== "linux") return null;
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return null; // Permission denied or another C library: the caller's other way applies.
  }
}

function libc(): Libc {
  if (opened === undefined) opened = tryOpen();
  if (opened === null) {
    throw new ChimaeraError("ffiUnavailable", {
      what: "call the C library",
      why: "FFI is denied, or this system is not Linux with glibc",
    });
  }
  return opened;
}

/** Whether this isolate may call the C library. */
export function ffiAvailable(): boolean {
  if (opened === undefined) opened = tryOpen();
  return opened !== null;
}

const encoder = new TextEncoder();

function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0") as Uint8Array<ArrayBuffer>;
}

function errno(): number {
  const pointer = libc().__errno_location();
  return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
}

function fail(call: string): never {
  throw new ChimaeraError("systemCall", { what: call, why: errnoText(errno()) });
}

/**
 * The address of a view's first byte, 0 for an empty view. Needs the `ffi` permission.
 *
 * Valid while the view is alive, and while its bytes stay in place: those of shared memory and of
 * `pinnedBytes` do.
 */
export function addressOf(view: Uint8Array): number {
  if (view.length === 0) return 0;
  const pointer = Deno.UnsafePointer.of(view as Uint8Array<ArrayBuffer>);
  return Number(Deno.UnsafePointer.value(pointer));
}

// One timespec per isolate: a futex wait blocks the isolate, so it is never shared.
const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);

function timespecOf(timeoutMs: number): Uint8Array<ArrayBuffer> {
  const seconds = Math.floor(timeoutMs / 1000);
  timespec[0] = BigInt(seconds);
  timespec[1] = BigInt(Math.floor((timeoutMs - seconds * 1000) * 1e6));
  return timespecBytes;
}

// Views of the words that this isolate waits on or wakes, so that none is made per call. One entry
// per index modulo its size: bells are a line apart, and an isolate has few.
const VIEWS = 256;
const viewWords: (Int32Array | null)[] = new Array(VIEWS).fill(null);
const viewIndex = new Int32Array(VIEWS);
const views: (Uint8Array<ArrayBuffer> | null)[] = new Array(VIEWS).fill(null);

/** The word as a buffer, which is how an address reaches C cheaply. */
function viewOf(words: Int32Array, index: number): Uint8Array<ArrayBuffer> {
  const entry = (index >> 4) & (VIEWS - 1);
  const known = views[entry];
  if (known && viewWords[entry] === words && viewIndex[entry] === index) return known;
  const view = new Uint8Array(words.buffer, words.byteOffset + index * 4, 4);
  viewWords[entry] = words;
  viewIndex[entry] = index;
  views[entry] = view as Uint8Array<ArrayBuffer>;
  return view as Uint8Array<ArrayBuffer>;
}

/** Sleeps on a word of a mapping while it holds `expected`. 0 woken, 1 changed, 2 time is up. */
export function futexWait(
  words: Int32Array,
  index: number,
  expected: number,
  timeoutMs: number,
): 0 | 1 | 2 {
  const timed = timeoutMs !== Infinity;
  const result = libc().futex(
    SYS.futex,
    viewOf(words, index),
    LINUX.futexWait,
    expected,
    timed ? timespecOf(timeoutMs) : null,
    0,
    0,
  );
  if (result === 0) return 0;
  return timed && errno() === LINUX.errnoTimedOut ? 2 : 1;
}

/** Wakes all sleepers of any process on a word of a mapping. */
export function futexWake(words: Int32Array, index: number): void {
  libc().futex(SYS.futex, viewOf(words, index), LINUX.futexWake, 0x7fffffff, null, 0, 0);
}

/**
 * Makes a memory file of `sizeBytes` and seals its size, so that no process that opens it can
 * shrink it under a reader. Returns the descriptor.
 */
export function createSealedMemory(name: string, sizeBytes: number): number {
  const c = libc();
  const fd = c.memfd_create(cString(name), LINUX.memfdCloseOnExec | LINUX.memfdAllowSealing);
  if (fd < 0) fail("memfd_create");
  try {
    if (c.ftruncate(fd, BigInt(sizeBytes)) !== 0) fail("ftruncate");
    const seals = LINUX.sealShrink | LINUX.sealGrow | LINUX.sealSeal;
    if (c.fcntl(fd, LINUX.fcntlAddSeals, seals) !== 0) fail("fcntl(F_ADD_SEALS)");
    return fd;
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

/** Whether the file behind `fd` can no longer change its size. */
export function isSealed(fd: number): boolean {
  const seals = libc().fcntl(fd, LINUX.fcntlGetSeals, 0);
  const wanted = LINUX.sealShrink | LINUX.sealGrow;
  return seals >= 0 && (seals & wanted) === wanted;
}

/** Opens a file for reading and writing; returns the descriptor. Throws CHI-7002. */
export function openFile(path: string): number {
  const fd = libc().open(cString(path), LINUX.openReadWrite | LINUX.openCloseOnExec, 0);
  if (fd < 0) fail(`open ${path}`);
  return fd;
}

/** Bytes of the file behind `fd`, whatever its path names by now. */
export function fileSize(fd: number): number {
  const size = Number(libc().lseek(fd, 0n, LINUX.seekEnd));
  if (size < 0) fail("lseek");
  return size;
}

export function closeFile(fd: number): void {
  libc().close(fd);
}

/** Maps `fd` over the pages at `address`, shared, readable and writable. */
export function mapOver(address: number, sizeBytes: number, fd: number): void {
  const mapped = libc().mmap(
    address as unknown as bigint,
    sizeBytes as unknown as bigint,
    LINUX.protReadWrite,
    LINUX.mapShared | LINUX.mapFixed,
    fd,
    0n,
  );
  if (Number(Deno.UnsafePointer.value(mapped)) !== address) fail("mmap(MAP_FIXED)");
}

/** Reserves the file's pages now, so that a full disk is an error here and not a signal later. */
export function reserveFile(fd: number, sizeBytes: number): void {
  if (libc().fallocate(fd, 0, 0n, BigInt(sizeBytes)) !== 0) fail("fallocate");
}

/** Gives the pages of the file back to the system; they read as zero from then on. */
export function releasePages(fd: number, offsetBytes: number, sizeBytes: number): void {
  const mode = LINUX.fallocKeepSize | LINUX.fallocPunchHole;
  const c = libc();
  if (c.fallocate(fd, mode, BigInt(offsetBytes), BigInt(sizeBytes)) !== 0) {
    fail("fallocate(PUNCH_HOLE)");
  }
}

let background: Deno.DynamicLibrary<typeof BACKGROUND_SYMBOLS>["symbols"] | undefined;

/** Makes the pages present, on a thread of the runtime's pool, without touching their content. */
export async function prefault(address: number, sizeBytes: number): Promise<void> {
  if (!ffiAvailable()) return;
  background ??= Deno.dlopen("libc.so.6", BACKGROUND_SYMBOLS).symbols;
  // A failure (an old kernel, no memory left) costs only the faults it would have saved.
  await background.madvise(
    address as unknown as bigint,
    sizeBytes as unknown as bigint,
    LINUX.madvPopulateWrite,
  );
}

/** Takes the lock without waiting; false when another open file holds it. */
export function tryLock(fd: number, mode: "exclusive" | "shared"): boolean {
  const operation = mode === "exclusive"
    ? LINUX.lockExclusiveNonblocking
    : LINUX.lockSharedNonblocking;
  return libc().flock(fd, operation) === 0;
}

export function unlock(fd: number): void {
  libc().flock(fd, LINUX.lockUnlock);
}

/** Connects a stream socket to the unix path; -1 when nobody listens. */
export function connectDoorbell(path: string): number {
  const c = libc();
  const type = LINUX.socketStream | LINUX.socketCloseOnExec | LINUX.socketNonblocking;
  const fd = c.socket(LINUX.familyUnix, type, 0);
  if (fd < 0) fail("socket");
  const name = encoder.encode(path);
  const address = new Uint8Array(110); // struct sockaddr_un: u16 family, then the path.
  if (name.length > 107) {
    c.close(fd);
    return -1;
  }
  address[0] = LINUX.familyUnix;
  address.set(name, 2);
  if (c.connect(fd, address, 2 + name.length + 1) !== 0) {
    c.close(fd);
    return -1;
  }
  return fd;
}

/**
 * Whether the process can open so many files more at this moment; true where FFI is denied. Opens
 * and closes them, which is exact whatever the limit is, and takes 2 us for each.
 */
export function hasDescriptors(count: number): boolean {
  if (!ffiAvailable()) return true;
  const c = libc();
  const taken: number[] = [];
  while (taken.length < count) {
    const fd = c.socket(LINUX.familyUnix, LINUX.socketStream | LINUX.socketCloseOnExec, 0);
    if (fd < 0) break;
    taken.push(fd);
  }
  for (const fd of taken) c.close(fd);
  return taken.length === count;
}

const ONE_BYTE = new Uint8Array(1);

/**
 * Sends one byte without waiting; a full socket already has a ring in it. False when nobody is
 * there any more.
 */
export function ringDoorbell(fd: number): boolean {
  const flags = LINUX.messageDontWait | LINUX.messageNoSignal;
  if (libc().send(fd, ONE_BYTE, 1 as unknown as bigint, flags) === 1) return true;
  return errno() === LINUX.errnoAgain;
}

/** Copies between mapped memories at native speed. Ranges must not overlap. */
export function copyMemory(target: number, source: number, sizeBytes: number): void {
  libc().memcpy(
    target as unknown as bigint,
    source as unknown as bigint,
    sizeBytes as unknown as bigint,
  );
}

const AFFINITY_BYTES = 128;
/** The processors that this thread might run on before it was bound; null: it is not bound. */
let affinityBefore: Uint8Array<ArrayBuffer> | null = null;

/** Binds the calling thread to one processor; false when the system refuses. */
export function pinThread(cpu: number): boolean {
  if (!ffiAvailable()) return false;
  if (affinityBefore === null) {
    const before = new Uint8Array(AFFINITY_BYTES);
    if (libc().sched_getaffinity(0, BigInt(AFFINITY_BYTES), before) < 0) return false;
    affinityBefore = before;
  }
  const mask = new Uint8Array(AFFINITY_BYTES);
  mask[cpu >> 3] = 1 << (cpu & 7);
  return libc().sched_setaffinity(0, BigInt(AFFINITY_BYTES), mask) === 0;
}

/** Lets the calling thread run again wherever it might before it was bound. */
export function unpinThread(): boolean {
  if (affinityBefore === null) return true;
  const before = affinityBefore;
  affinityBefore = null;
  return libc().sched_setaffinity(0, BigInt(AFFINITY_BYTES), before) === 0;
}
