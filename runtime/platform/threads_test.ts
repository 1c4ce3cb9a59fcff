import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { allowedCpus, cpuCount, parseCpuList, startThread } from "./mod.ts";

const ECHO = "self.onmessage = ({ data }) => self.postMessage(data + 1);";
const DIES = "self.onmessage = () => { throw new RangeError('on purpose'); };";

function urlOf(code: string): string {
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}

test("threads: one answers, and can be ended", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const thread = startThread(urlOf(ECHO), "echo", resolve, reject);
  thread.post(41);
  assert.equal(await promise, 42);
  thread.terminate();
});

test("threads: the death of one is told, and is not the death of all", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const thread = startThread(urlOf(DIES), "dies", reject, resolve);
  thread.post(0);
  assert.match(await promise, /on purpose/);
  thread.terminate();
});

test("threads: the machine has processors", () => {
  assert.ok(Number.isInteger(cpuCount()) && cpuCount() > 0);
});

Deno.test("threads: the kernel's form of a set of processors is read", () => {
  assert.deepEqual(parseCpuList("0"), [0]);
  assert.deepEqual(parseCpuList("0-3,8"), [0, 1, 2, 3, 8]);
});

Deno.test("threads: without the permission to look, all processors count as allowed", () => {
  assert.ok(allowedCpus().length >= 1);
});
