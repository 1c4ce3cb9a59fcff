/**
 * The fixed head of every task, in words of 32 bits.
 *
 * A client sends words 0 to 15 as a ring slot (a descriptor); the fields stand in its task slot.
 * The runtime copies both into a task block of the node segment, and trusts only that copy:
 *
 *   word  0 slot of the sender's port       8 flags (bit 0: high latency; see TaskFlag)
 *         1 generation of that slot         9 period in microseconds, 0: none
 *         2 pool                           10 root task: number  ┐ the task node, see root.ts
 *         3 method                         11 root task: origin  │
 *         4 layout hash                    12 depth              ┘
 *         5 domain query: kind             13 offset of the fields in the sender's segment
 *         6 domain query: first argument   14 return code
 *         7 domain query: second argument  15 error record (offset), 0: none
 *   block only:
 *        16 origin: kind and number (see OriginKind)
 *        17 segment of the sender, or the parent's block
 *        18 port, or the parent's worker   19 custodian: worker that has it
 *        20 ticket   21 cover (see epochs.ts in lane)   22, 23 zero
 *        24 … the task's fields
 */

export const H = {
  slot: 0,
  generation: 1,
  pool: 2,
  method: 3,
  layoutHash: 4,
  queryKind: 5,
  queryFirst: 6,
  querySecond: 7,
  flags: 8,
  periodUs: 9,
  rootSlot: 10,
  rootOrigin: 11,
  depth: 12,
  fields: 13,
  returnCode: 14,
  errorRecord: 15,
  origin: 16,
  segment: 17,
  port: 18,
  custodian: 19,
  ticket: 20,
  cover: 21,
} as const;

/** A descriptor with this pool aborts the task of its slot and generation, and is no task. */
export const ABORT_POOL = 0;

/** Words of a descriptor, which is a slot of a submission ring. */
export const DESCRIPTOR_WORDS = 16;
/** Words before the fields in a task block. */
export const BLOCK_HEADER_WORDS = 24;
export const BLOCK_HEADER_BYTES = BLOCK_HEADER_WORDS * 4;

/** Completion ring slot: slot, generation, return code, worker that the lane runs on. */
export const C = { slot: 0, generation: 1, returnCode: 2, worker: 3 } as const;
export const COMPLETION_WORDS = 4;

/** Who is told when a task is done. */
export const OriginKind = { none: 0, port: 1, subtask: 2, wire: 3 } as const;

/** Bits of the flags word. A task is periodic when it is long-running and has a period. */
export const TaskFlag = {
  highLatency: 1,
  fireAndForget: 2,
  longRunning: 4,
  flush: 8,
} as const;

/** The document's task priorities. */
export const TaskPrio = { kLowLatency: 0, kHighLatency: 1 } as const;
/** One of the numbers of {@linkcode TaskPrio}. */
export type TaskPrio = typeof TaskPrio[keyof typeof TaskPrio];

/** Set in a method's id word for tasks that carry their parameters as a CreatePool does. */
export const TF_SRL_SYM = 1;
/** The task never leaves its node: no archive is needed. */
export const TF_LOCAL = 2;
/** The module writes separate save and load functions. */
export const TF_SRL_ASYM = 4;
