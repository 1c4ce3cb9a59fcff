/**
 * Numbers and byte layouts of io_uring, as the kernel defines them for every architecture.
 *
 * The kernel maps two areas: the rings, whose words lie where it says in the parameters of the
 * set-up, and the submission entries.
 *
 *   submission entry, 64 bytes                     completion entry, 16 bytes
 *     0  u8 operation · u8 flags · u16 priority      0  u64 what the submission was called
 *     4  i32 descriptor                              8  i32 result, or −errno
 *     8  u64 file offset                            12  u32 flags
 *    16  u64 address of the bytes
 *    24  u32 count of bytes                        set-up parameters, 120 bytes
 *    28  u32 flags of the operation                  0  u32 submission entries
 *    32  u64 what to call it                         4  u32 completion entries
 *    40  …   zero here                               8  u32 flags
 *    48  u64 mask of a word wait                    40  where the words of the submission ring lie
 *    56  u64 zero                                   80  where those of the completion ring lie
 *
 * Source: Linux uapi headers (linux/io_uring.h, linux/futex.h).
 */

/** Operations. A word wait is known from Linux 6.7 on. */
export const Operation = {
  sync: 3,
  cancel: 14,
  read: 22,
  write: 23,
  waitForWord: 51,
} as const;

/** Words of a submission entry. */
export const SUBMISSION = {
  words: 16,
  operation: 0,
  descriptor: 1,
  offset: 2,
  address: 4,
  count: 6,
  flags: 7,
  name: 8,
  mask: 12,
} as const;

/** Words of a completion entry. */
export const COMPLETION = { words: 4, name: 0, result: 2 } as const;

/** Words of the set-up parameters. */
export const SETUP = {
  words: 30,
  submissionEntries: 0,
  completionEntries: 1,
  flags: 2,
  submissionTail: 11,
  submissionMask: 12,
  submissionFlags: 14,
  completionHead: 20,
  completionTail: 21,
  completionMask: 22,
  completionEntriesAt: 25,
} as const;

/** Where the descriptor of a ring is mapped: the rings, and the submission entries. */
export const MAP_OFFSET = { rings: 0n, submissions: 0x10000000n } as const;

/** Asked of a ring at set-up. */
export const SetupFlag = {
  /** A submission that is refused does not hold up those behind it. */
  submitAll: 1 << 7,
  /** Finished work waits for the thread's next system call instead of interrupting it. */
  cooperative: 1 << 8,
  /** The ring says when such work waits. */
  tellWork: 1 << 9,
  singleIssuer: 1 << 12,
  /** Entries are taken in ring order, without a table of indices. */
  noIndexTable: 1 << 16,
} as const;

/** Told by a ring in the flags word of its submission side. */
export const RingFlag = { completionsOverflowed: 2, workWaits: 4 } as const;

export const EnterFlag = { getEvents: 1, extendedArgument: 8 } as const;
/** Bytes of the extended argument: signal mask and its size, then the address of a timespec. */
export const ENTER_ARGUMENT_BYTES = 24;

export const SyncFlag = { dataOnly: 1 } as const;
export const CancelFlag = { all: 1, any: 4 } as const;
/** A 32-bit word that other processes may wake too. */
export const WORD_SHARED_U32 = 2;
export const WORD_ANY_WAKER = -1;
