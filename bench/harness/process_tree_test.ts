import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ControlledProcess } from "./controlled_process.ts";
import { descendants, killTree } from "./process_tree.ts";

test("killTree: ends children and grandchildren", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const child = new ControlledProcess({
    program: "sh",
    args: ["-c", "sh -c 'sleep 60 & wait' & echo $!; wait"],
  });
  const inner = Number(await child.receive());
  while (descendants(child.pid).length < 2) await new Promise((wake) => setTimeout(wake, 5));
  assert.ok(descendants(child.pid).includes(inner));
  const all = descendants(child.pid);
  killTree(child.pid);
  await child.close();
  for (const pid of all) {
    // A killed orphan may stay a zombie until its new parent looks.
    while (isAlive(pid)) await new Promise((wake) => setTimeout(wake, 5));
  }
});

function isAlive(pid: number): boolean {
  try {
    const state = /^State:\s*(\w)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return state !== "Z";
  } catch {
    return false;
  }
}
