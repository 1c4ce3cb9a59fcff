/** Load models of the small_message module. */

import { Method } from "./small_message_methods.ts";

/**
 * Expected processor time of a method, in microseconds, by method number. Io: the median of 300
 * sums over 1 MiB of shared memory by the same loop outside a node, on a virtual machine that was
 * not idle; filling took a third of it. Md has no entry: it does nothing besides its subtasks.
 */
export const expectedCpuUs: Readonly<Record<number, number>> = { [Method.kIo]: 420 };
