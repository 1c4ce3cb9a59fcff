/**
 * The system calls of io_uring, through FFI.
 *
 * Thread rules: each isolate opens its own. Every call is made on the thread that made the ring,
 * except `poll`, which waits on a thread of the runtime's pool.
 */

import { ChimaeraError } from "../errors.ts";
import { addressOf, ffiAvailable } from "./libc.ts";
import { errnoText, LINUX, SYS } from "./syscalls.ts";
import { ENTER_ARGUMENT_BYTES, EnterFlag } from "./uring_layout.ts";

const SYMBOLS = {
  setup: { name: "syscall", parameters: ["usize", "usize", "buffer"], result: "i32" },
  // Variadic in C; on the two supported ABIs integer arguments travel alike.
  enter: {
    name: "syscall",
    parameters: ["usize", "i32", "u32", "u32", "u32", "usize", "usize"],
    result: "i32",
  },
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["usize", "usize"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const BACKGROUND_SYMBOLS = {
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
} as const;

let opened: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;
let background: Deno.DynamicLibrary<typeof BACKGROUND_SYMBOLS>["symbols"] | undefined;

function calls(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  return opened ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

function errno(): number {
  const pointer = calls().__errno_location();
  return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
}

/** Pages of a ring, mapped into this process. */
export interface RingPages {
  /** No words any more once they are unmapped. */
  words: Int32Array;
  readonly address: number;
  readonly sizeBytes: number;
}

/** Makes a ring; its parameters are filled in. Returns the descriptor, −1 when refused. */
export function setupRing(entries: number, parameters: Uint32Array<ArrayBuffer>): number {
  if (!ffiAvailable()) return -1;
  return calls().setup(
    SYS.ioUringSetup as unknown as bigint,
    entries as unknown as bigint,
    parameters,
  );
}

/** Maps part of a ring. Throws CHI-7002. */
export function mapRing(descriptor: number, sizeBytes: number, offset: bigint): RingPages {
  const pointer = calls().mmap(
    0 as unknown as bigint,
    sizeBytes as unknown as bigint,
    LINUX.protReadWrite,
    LINUX.mapShared | LINUX.mapPopulate,
    descriptor,
    offset,
  );
  const address = Number(BigInt.asIntN(64, BigInt(Deno.UnsafePointer.value(pointer))));
  if (pointer === null || address === -1) {
    throw new ChimaeraError("systemCall", { what: "mmap of io_uring", why: errnoText(errno()) });
  }
  const words = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, sizeBytes));
  return { words, address, sizeBytes };
}

/** Takes the pages away. Whoever kept their words and reads them ends the process. */
export function unmapRing(pages: RingPages): void {
  pages.words = new Int32Array(0);
  calls().munmap(pages.address as unknown as bigint, pages.sizeBytes as unknown as bigint);
}

// The argument and the time that it names: one per isolate, as a wait blocks the isolate.
let timespec: BigInt64Array<ArrayBuffer> | undefined;
let argument: BigUint64Array<ArrayBuffer> | undefined;
let argumentAddress = 0;

function argumentOf(timeoutMs: number): number {
  if (timespec === undefined) {
    timespec = new BigInt64Array(2);
    argument = new BigUint64Array(ENTER_ARGUMENT_BYTES / 8);
    argument[2] = BigInt(addressOf(new Uint8Array(timespec.buffer)));
    argumentAddress = addressOf(new Uint8Array(argument.buffer));
  }
  const seconds = Math.floor(timeoutMs / 1000);
  timespec[0] = BigInt(seconds);
  timespec[1] = BigInt(Math.floor((timeoutMs - seconds * 1000) * 1e6));
  return argumentAddress;
}

/**
 * Hands over `count` submissions, then waits for `wanted` completions.
 *
 * @param timeoutMs Longest wait; `Infinity` for none.
 * @returns How many submissions the kernel took. It may take fewer when it lacks memory or when
 * completions must be taken first; they stay in the ring for the next call.
 *
 * Throws CHI-7002 for what waiting does not mend.
 */
export function enterRing(
  descriptor: number,
  count: number,
  wanted: number,
  timeoutMs: number,
): number {
  const timed = wanted > 0 && timeoutMs !== Infinity;
  const taken = calls().enter(
    SYS.ioUringEnter as unknown as bigint,
    descriptor,
    count,
    wanted,
    EnterFlag.getEvents | (timed ? EnterFlag.extendedArgument : 0),
    (timed ? argumentOf(timeoutMs) : 0) as unknown as bigint,
    (timed ? ENTER_ARGUMENT_BYTES : 0) as unknown as bigint,
  );
  if (taken >= 0) return taken;
  const number = errno();
  switch (number) {
    case LINUX.errnoTimer:
    case LINUX.errnoInterrupted:
    case LINUX.errnoAgain:
    case LINUX.errnoBusy:
      return 0;
    default:
      throw new ChimaeraError("systemCall", { what: "io_uring_enter", why: errnoText(number) });
  }
}

/** Resolves when the ring has a completion, or after `timeoutMs`; on a thread of the pool. */
export async function pollRing(descriptor: number, timeoutMs: number): Promise<void> {
  background ??= Deno.dlopen("libc.so.6", BACKGROUND_SYMBOLS).symbols;
  // struct pollfd: i32 descriptor, u16 wanted, u16 found.
  const wanted = new Int32Array([descriptor, LINUX.pollIn]);
  await background.poll(wanted, 1n, timeoutMs);
}
