/**
 * With how many workers tests of a whole node are run: with one nothing runs beside a handler, two
 * are what a small machine has, and four are more than that. A run of all tests has twenty minutes on
 * two processors: each file has two of the three then, by the run's seed (tools/testing/run.ts).
 * Files that are named have all.
 */

import { permitted } from "../../permission.ts";

const ALL: readonly number[] = [1, 2, 4];

export const WORKER_COUNTS: readonly number[] = chosen(
  permitted() ? Deno.env.get("CHIMAERA_TEST_WORKERS") : "",
);

function chosen(words: string | undefined): readonly number[] {
  const counts = (words ?? "").split(",").map(Number).filter((count) => ALL.includes(count));
  return counts.length === 0 ? ALL : counts;
}
