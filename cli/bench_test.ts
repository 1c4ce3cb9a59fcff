import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

test("bench: measures through a node of its own, and through one that runs", async () => {
  await using folder = new ProgramFolder();
  const embedded = await folder.json(["bench", "--quick"]);
  assert.equal(embedded.node, "embedded");
  assert.equal(embedded.transport, "in-process");
  await folder.serve(["--workers", "2"]);
  const attached = await folder.json(["bench", "--quick"]);
  assert.equal(attached.node, "attached");
  assert.equal(attached.workers, 2);
  for (const { figures } of [embedded, attached]) {
    assert.deepEqual(figures.map(({ name }: { name: string }) => name), [
      "call.sync",
      "call.await",
      "pipe",
      "pass.64B",
      "pass.16MiB",
    ]);
    for (const { name, p50, p99, perSecond, skipped } of figures) {
      if (skipped !== undefined) continue;
      assert.ok(perSecond > 0 || (p50 > 0 && p99 >= p50), name);
    }
  }
});

test("bench: over the socket, what cannot be measured says why", async () => {
  await using folder = new ProgramFolder();
  await folder.serve();
  const { transport, figures } = await folder.json(["bench", "--quick"], { denyFfi: true });
  assert.equal(transport, "socket");
  assert.match(figures[0].skipped, /cannot block/);
});

test("bench: a name that the checkout does not have is its usage error", async () => {
  await using folder = new ProgramFolder();
  const { code, stderr } = await folder.run(["bench", "no.such.line"], { isSource: true });
  assert.equal(code, 2);
  assert.match(stderr, /no line is called no\.such\.line/);
});
