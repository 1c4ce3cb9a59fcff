/** Load models of the noop module. */

import { Method } from "./noop_methods.ts";

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = { [Method.kSlowNoop]: 10 };
