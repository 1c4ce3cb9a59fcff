/**
 * With how many workers tests of a whole node are run: with one nothing runs beside a handler, two
 * are what a small machine has, and four are more than that.
 */
export const WORKER_COUNTS: readonly number[] = [1, 2, 4];
