/** Load models of the placement module: none. */

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = {};
