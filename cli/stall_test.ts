/** What people are told of handlers that hold workers, and of workers that were lost. */

import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { lossText, stallText } from "./serve.ts";
import { type StatusReport, statusText } from "./status.ts";
import { ProgramFolder } from "./testing/program.ts";

const QUIET: StatusReport = {
  instance: "seen",
  uptimeMs: 2500,
  transport: "shm",
  transportReason: "as asked",
  pid: 12,
  version: "0.1.0",
  backing: "memfd",
  diskBackend: "unused",
  memoryBytes: 1 << 30,
  usedBytes: 1 << 20,
  workers: [],
  sessions: [],
  stalls: [],
  lost: [],
  malformed: 0,
  pools: [],
};
const STALL = {
  worker: 1,
  poolId: 7,
  poolName: "images",
  libName: "example_resize",
  method: 10,
  methodName: "kResize",
  forMs: 3210,
};

Deno.test("status: a handler that holds its worker, and workers that were lost", () => {
  assert.doesNotMatch(statusText(QUIET), /warning|closed/);
  const lost = [
    { worker: 0, isStuck: true, why: "it did not come back" },
    { worker: 2, isStuck: false, why: "its heap is full" },
  ];
  const text = statusText({ ...QUIET, stalls: [STALL], lost, malformed: 3 });
  assert.deepEqual(text.split("\n").slice(-4), [
    "warning: worker 1 is held by example_resize.kResize of pool images for 3.2 s now",
    "warning: worker 0 was lost and replaced; its thread holds a processor for ever: " +
    "it did not come back",
    "warning: worker 2 was lost and replaced; its thread has ended: its heap is full",
    "3 sessions were closed because of what they wrote",
  ]);
});

Deno.test("serve: a handler that holds its worker, and a worker that was lost", () => {
  assert.equal(
    stallText(STALL),
    "worker 1 is held by example_resize.kResize of pool images for 3.2 s now; its other tasks wait",
  );
  const loss = { worker: 0, why: "it did not come back" };
  assert.equal(
    lossText({ ...loss, isStuck: true }),
    "worker 0 is lost and replaced; its thread runs on: it did not come back",
  );
  assert.equal(
    lossText({ ...loss, isStuck: false }),
    "worker 0 is lost and replaced: it did not come back",
  );
});

/** Twenty letters at random: what the slowest level of zstd takes seconds for. */
function letters(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let state = 1;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = 97 + (state >>> 16) % 20;
  }
  return bytes;
}

test("serve: --stall-abandon gives a held worker up, and status tells of it", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve(["--workers", "2", "--stall-abandon", "2"]);
  folder.write("data", letters(8 << 20));
  const slow = ["--codec", "zstd", "--level", "19", "--block-size", "8MiB"];
  const { code, stderr } = await folder.run(["compress", "data", ...slow]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[CHI-4009\]: /m);
  const held = /chimaera_compressor\.kCompress of pool \.command_line-\S+/;
  const { stdout } = await folder.run(["status"]);
  assert.match(stdout, /^warning: worker \d was lost and replaced; its thread holds a processor/m);
  server.child.kill("SIGKILL"); // The thread would go on for a while.
  const { stderr: log } = await server.ended();
  assert.match(
    log,
    new RegExp(`^warning: worker \\d is held by ${held.source} for \\d.* now; `, "m"),
  );
  assert.match(log, /^warning: worker \d is lost and replaced; its thread runs on: /m);
});
