/** Load models of the lanes module. */

import { Method } from "./lanes_methods.ts";

/** Expected processor time of a method, in microseconds, by method number. */
export const expectedCpuUs: Readonly<Record<number, number>> = { [Method.kSpin]: 100 };
