/**
 * Numbers that differ between processor architectures, and the constants of Linux that go with
 * them. x86-64 is measured; aarch64 is designed for and untested.
 *
 * Source: Linux uapi headers (asm/unistd_64.h, asm-generic/unistd.h, linux/memfd.h, linux/fcntl.h,
 * asm-generic/errno.h).
 */

const SYSCALLS = {
  x86_64: {
    futex: 202,
    memfdCreate: 319,
    schedSetaffinity: 203,
    gettid: 186,
    madvise: 28,
    ioUringSetup: 425,
    ioUringEnter: 426,
  },
  aarch64: {
    futex: 98,
    memfdCreate: 279,
    schedSetaffinity: 122,
    gettid: 178,
    madvise: 233,
    ioUringSetup: 425,
    ioUringEnter: 426,
  },
} as const;

/** System call numbers of this machine. */
export const SYS = SYSCALLS[Deno.build.arch];

export const LINUX = {
  futexWait: 0,
  futexWake: 1,
  seekEnd: 2,
  protReadWrite: 3,
  mapShared: 1,
  mapFixed: 0x10,
  mapPopulate: 0x8000,
  madvPopulateWrite: 23,
  openReadWrite: 2,
  openCloseOnExec: 0o2000000,
  memfdCloseOnExec: 1,
  memfdAllowSealing: 2,
  fcntlAddSeals: 1033,
  fcntlGetSeals: 1034,
  sealSeal: 1,
  sealShrink: 2,
  sealGrow: 4,
  fallocKeepSize: 1,
  fallocPunchHole: 2,
  lockExclusiveNonblocking: 2 | 4,
  lockSharedNonblocking: 1 | 4,
  lockUnlock: 8,
  familyUnix: 1,
  socketStream: 1,
  socketNonblocking: 0o4000,
  socketCloseOnExec: 0o2000000,
  messageDontWait: 0x40,
  messageNoSignal: 0x4000,
  pollIn: 1,
  errnoInterrupted: 4,
  errnoAgain: 11,
  errnoBusy: 16,
  errnoTimer: 62,
  errnoTimedOut: 110,
} as const;

/** Names of the errors that a user may meet; others are told by number. */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM, not permitted",
  2: "ENOENT, no such file",
  5: "EIO, the device failed",
  9: "EBADF, no open file for that",
  11: "EAGAIN, too many at once",
  12: "ENOMEM, out of memory",
  13: "EACCES, permission denied",
  20: "ENOTDIR, a part of the path is not a folder",
  21: "EISDIR, it is a folder",
  22: "EINVAL, not possible for this file",
  23: "ENFILE, too many open files in the system",
  24: "EMFILE, too many open files in this process",
  27: "EFBIG, larger than the file system allows",
  28: "ENOSPC, no space left",
  29: "ESPIPE, it has no positions",
  30: "EROFS, the file system is read-only",
  38: "ENOSYS, the kernel does not know the call",
  111: "ECONNREFUSED, nobody listens",
  122: "EDQUOT, the user's share of the disk is used up",
  125: "ECANCELED, given up",
};

/** What an error number says, for people. */
export function errnoText(number: number): string {
  const name = ERRNO_NAMES[number];
  return name === undefined ? `errno ${number}` : `${name} (errno ${number})`;
}
