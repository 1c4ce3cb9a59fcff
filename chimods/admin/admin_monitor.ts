/**
 * Load models of the admin module: none. Its methods are asked for by people and at the start of
 * programs, and wait for the node rather than compute.
 */

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = {};
