/** Free lists that are wrong on purpose. */

import { FreeList } from "../models/free_list.ts";

/** Changes no tag: a head that left and came back is taken for one that stayed. */
export class Tagless extends FreeList {
  protected override headAfter(_head: number, first: number): number {
    return first;
  }
}
