import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

test("worker recycle: a thread is replaced, and its lanes come back", async () => {
  await using folder = new ProgramFolder();
  await folder.serve(["--workers", "2"]);
  const before = await folder.json(["lane", "list"]);
  const places = ({ lanes }: { lanes: { pool: string; worker: number }[] }) =>
    lanes.map(({ pool, worker }) => [pool, worker]);
  for (const worker of [0, 1]) {
    const info = await folder.json(["worker", "recycle", `${worker}`]);
    assert.deepEqual([info.worker, info.restarted, info.stayed, info.why], [worker, 0, 0, ""]);
    assert.ok(info.lanes > 0 && info.pauseMs > 0);
  }
  assert.deepEqual(places(await folder.json(["lane", "list"])), places(before));
  const { stdout } = await folder.run(["worker", "recycle", "1"]);
  const sentence =
    /^worker 1 has a fresh thread; it took no tasks for [\d.]+ ms; \d lanes? moved, /;
  assert.match(stdout, sentence);
  const help = await folder.run(["worker", "recycle", "--help"]);
  assert.match(help.stdout, /Example: .*chimaera worker recycle 1/s);

  const none = await folder.run(["worker", "recycle", "2"]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /error\[CHI-3001\]: recycle worker 2: there is no such worker/);
  const word = await folder.run(["worker", "recycle", "all"]);
  assert.equal(word.code, 2);
  assert.match(word.stderr, /error\[CHI-1001\]: worker: `all` is not a whole number/);
});
