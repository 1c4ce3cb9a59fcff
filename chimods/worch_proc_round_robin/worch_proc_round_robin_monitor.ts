/** Load models of the worch_proc_round_robin policy: none, it is asked once for a new policy. */

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = {};
