/** What was saved between a plan and its writing is kept. */

import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { writeRefresh } from "./refresh_repo.ts";
import { RepoFolder } from "./testing/repo_folder.ts";

test("refresh: a file that was saved after the plan is an error, and nothing is written", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kMd: 10"]);
  const plan = await folder.plan();
  folder.edit("compressor/compressor_tasks.ts", (text) => `${text}// mine\n`);
  const texts = folder.texts();
  await assert.rejects(() => writeRefresh(plan), {
    code: "CHI-1306",
    what: `${folder.path}/compressor/compressor_tasks.ts`,
  });
  assert.deepEqual(folder.texts(), texts);
  Deno.writeFileSync(`${folder.path}/compressor/compressor_tasks.ts`, new Uint8Array([0xff]));
  await assert.rejects(() => writeRefresh(plan), { code: "CHI-1306" });
});
