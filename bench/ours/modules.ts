/** The modules of the bench's own repo. */

import { moduleInFolder } from "chimaera/node";

export const BENCH_MODULES = ["noop", "lanes", "placement"].map((name) =>
  moduleInFolder(new URL(`../modules/${name}/`, import.meta.url), "bench")
);
