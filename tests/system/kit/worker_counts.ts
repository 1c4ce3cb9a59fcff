/**
 * With how many workers tests of a whole node are run.
 *
 * With one nothing runs beside a handler, two are what a small machine has, and four are more than
 * that. A run of all tests has twenty minutes on two processors: it takes two of the three, the
 * first or the last two by its seed, and says so (tools/test.ts). Files that are named have all.
 */

import { permitted } from "../../permission.ts";

const ALL: readonly number[] = [1, 2, 4];
const VARIABLE = "CHIMAERA_TEST_WORKERS";

export const WORKER_COUNTS: readonly number[] = chosen(permitted() ? Deno.env.get(VARIABLE) : "");

function chosen(words: string | undefined): readonly number[] {
  const counts = (words ?? "").split(",").map(Number).filter((count) => ALL.includes(count));
  return counts.length === 0 ? ALL : counts;
}
