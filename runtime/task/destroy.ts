/** Ending a pool: the admin's task behind every client's `destroy`. */

import { defineTask } from "./define.ts";
import { IN } from "./fields.ts";

/** The admin's method that ends pools. */
export const kDestroyContainer = 11;

/** Ends a pool on every node. */
export class DestroyContainerTask extends defineTask(kDestroyContainer, {
  targetPool: IN.u32(),
}) {}
