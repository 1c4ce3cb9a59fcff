/** Every name that the SDK exports says what it is. */

import { test } from "../permission.ts";
import { expectNone, ROOT } from "./source_tree.ts";

const DOORS = ["sdk/mod.ts", "sdk/node.ts", "sdk/platform.ts", "sdk/test.ts"];

/** A complaint of `deno doc --lint` on a name without a comment, and the place on the next line. */
const UNDOCUMENTED = /error\[missing-jsdoc\][^\n]*\n\s*-->\s*(\S+)/g;

test("public names: each has a comment", () => {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...DOORS],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const told = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // It fails for types that signatures name and that stay inside, too; those are not asked for here.
  if (code !== 0 && !/Found \d+ documentation lint errors?/.test(told)) throw new Error(told);
  expectNone([...told.matchAll(UNDOCUMENTED)].map(([, place]) => place!.replace(`${ROOT}/`, "")));
});
