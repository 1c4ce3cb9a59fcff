/**
 * The text of what is generated, file by file, as it is kept in `testdata/`. After a change that is
 * meant: `CHIMAERA_UPDATE_GOLDEN=1 deno test -P codegen/golden_test.ts`, and read the difference.
 */

import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { RepoFolder } from "./testing/repo_folder.ts";

const LONG = "ThisMethodHasANameThatIsAsLongAsTheNameOfAMethodMayBeAndNoLonger";

const CASES: Readonly<Record<string, readonly string[]>> = {
  new_module: ["kDestroy: 1", "kNodeFailure: -1", "kRecover: -1", "kMigrate: -1", "kUpgrade: -1"],
  tutorial: ["kDestroy: 1", "kCompress: 10", "kDecompress: 11"],
  inherited: ["kNodeFailure: 2", "kRecover: 3", "kMigrate: 4", "kUpgrade: 5"],
  upgrade_alone: ["kUpgrade: 5"],
  far_numbers: ["kLast: 4294967295", "kFirst: 10", "kMiddle: 70000"],
  long_names: [
    ...[20, 27, 30, 45, 63].map((length, k) => `k${LONG.slice(0, length)}: ${10 + k}`),
  ],
};

/** All files of a module as one text. */
function gather(folder: RepoFolder): string {
  const texts = Object.entries(folder.texts("compressor/")).sort(([a], [b]) => a < b ? -1 : 1);
  return texts.map(([file, text]) => `==== ${file}\n${text}`).join("\n");
}

for (const [name, lines] of Object.entries(CASES)) {
  test(`golden: ${name}`, async () => {
    using folder = await RepoFolder.withModule();
    folder.declare(lines);
    await folder.refresh();
    const golden = new URL(`testdata/${name}.golden`, import.meta.url);
    const text = gather(folder);
    if (Deno.env.get("CHIMAERA_UPDATE_GOLDEN") === "1") Deno.writeTextFileSync(golden, text);
    assert.equal(text, Deno.readTextFileSync(golden));
  });
}

test("golden: every file in testdata is one of these", () => {
  const files = [...Deno.readDirSync(new URL("testdata/", import.meta.url))].map((one) => one.name);
  assert.deepEqual(files.sort(), Object.keys(CASES).map((name) => `${name}.golden`).sort());
});
