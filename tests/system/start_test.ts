/** Nodes whose workers cannot start. */

import assert from "node:assert/strict";
import { test } from "../permission.ts";

const ROOT = new URL("../../", import.meta.url);

const PROGRAM = `import { startNode } from "chimaera/node";
const thrown = await startNode({ workers: 2 }).then(() => null, (thrown) => thrown);
console.log(thrown?.format() ?? "it started");
Deno.exit(0);
`;

test("a node whose workers cannot be loaded does not start, and says why", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
    const absolute = Object.entries<string>(imports)
      .map(([name, path]) => [name, new URL(path, ROOT).href]);
    // Nothing but the worker's start imports this file.
    const broken = [new URL("runtime/module/guard_isolate.ts", ROOT).href, "./broken.ts"];
    const map = { imports: Object.fromEntries([...absolute, broken]) };
    Deno.writeTextFileSync(`${folder}/map.json`, JSON.stringify(map));
    Deno.writeTextFileSync(`${folder}/program.ts`, PROGRAM);
    const cause = `throw new Error("nothing works here");\nexport const guardIsolate = null;\n`;
    Deno.writeTextFileSync(`${folder}/broken.ts`, cause);
    const config = new URL("deno.json", ROOT).pathname;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--config",
        config,
        "--import-map",
        "map.json",
        "program.ts",
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.match(said, /^error\[CHI-4008\]: worker \d: .*nothing works here/, said);
    assert.match(new TextDecoder().decode(stderr), /^$|nothing works here/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
