/** Load models of the MOD_NAME module: none yet. */

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = {};
