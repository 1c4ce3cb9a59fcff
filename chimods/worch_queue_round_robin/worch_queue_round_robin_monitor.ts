/** Load models of the worch_queue_round_robin policy: none, it is asked once for a new pool. */

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = {};
