/** The modules of `tests/system/modules`, as a node wants them. */

import { moduleInFolder } from "chimaera/node";

const NAMESPACE = "tests";

export const TEST_MODULES = [
  "faulty",
  "one_worker",
  "loose",
  "steady",
  "locking",
  "nomad",
  "pressing",
].map((name) => moduleInFolder(new URL(`../modules/${name}/`, import.meta.url), NAMESPACE));
