/** The client program of the README, run as a reader would run it. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "../permission.ts";
import { NodeProcess } from "../system/kit/node_process.ts";
import { RuntimeFolder } from "../system/kit/runtime_folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLIENT = /^```ts ignore\n(import \{ connect.*?)^```$/ms;

test("README: its client runs outside of the checkout", async () => {
  const program = CLIENT.exec(Deno.readTextFileSync(`${ROOT}/README.md`))?.[1];
  assert.ok(program !== undefined, "README.md has no client");
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 2 }, { env: folder.env });
  const elsewhere = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${elsewhere}/program.ts`, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", `${ROOT}/deno.json`, "program.ts"],
      cwd: elsewhere,
      env: folder.env,
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.equal(said, `${7 * 2 ** 20}\n6\n`, new TextDecoder().decode(stderr));
  } finally {
    Deno.removeSync(elsewhere, { recursive: true });
  }
  await node.stop();
});
