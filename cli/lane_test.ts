import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

test("lane: lanes are listed, and move", async () => {
  await using folder = new ProgramFolder();
  await folder.serve(["--workers", "2"]);
  const { lanes } = await folder.json(["lane", "list", "--pool", "worch_proc"]);
  assert.equal(lanes.length, 1);
  const [{ worker: from, pool, group, index }] = lanes;
  assert.deepEqual([pool, group, index], ["worch_proc", 0, 0]);
  const to = 1 - from;

  const moved = await folder.json(["lane", "move", "worch_proc", "0", `${to}`]);
  assert.deepEqual([moved.from, moved.worker, moved.tasks], [from, to, 0]);
  assert.equal(moved.isCarried, true);
  assert.ok(moved.stallMs >= 0);
  const again = await folder.json(["lane", "list", "--pool", "worch_proc"]);
  assert.equal(again.lanes[0].worker, to);

  const admin = await folder.run(["lane", "move", "admin", "0/0", `${to}`]);
  assert.equal(admin.code, 0, admin.stderr);
  assert.match(admin.stdout, /^lane admin 0\/0(: worker \d -> \d, with its state; | is on worker)/);
  const listed = await folder.run(["lane", "list"]);
  assert.match(listed.stdout, /^ +pool +lane +group +index +worker/);
  assert.match(listed.stdout, /^ +admin +0 +0 +0 +\d/m);
});

test("lane: what cannot be moved is an error that says so", async () => {
  await using folder = new ProgramFolder();
  await folder.serve(["--workers", "2"]);
  for (
    const [words, code, text] of [
      [["nowhere", "0", "0"], 1, /error\[CHI-4001\]: pool nowhere: none has this name/],
      [
        ["admin", "7", "0"],
        1,
        /error\[CHI-4007\]: move lane 0\/7 of pool admin: .*\nhint: `chimaera lane list` names/,
      ],
      [
        ["admin", "0", "5"],
        1,
        /error\[CHI-3001\]: .*there is no worker 5; .*\nhint: .*from 0 to 1/,
      ],
      [["admin", "first", "0"], 2, /error\[CHI-1001\]: lane: `first` is no index/],
      [["admin", "0", "-1"], 2, /error\[CHI-1001\]/],
    ] as const
  ) {
    const result = await folder.run(["lane", "move", ...words]);
    assert.match(result.stderr, text);
    assert.equal(result.code, code, result.stderr);
  }
  const { code, stderr } = await folder.run(["lane", "list", "--pool", "nowhere"]);
  assert.equal(code, 1);
  assert.match(stderr, /error\[CHI-4001\]/);
});
