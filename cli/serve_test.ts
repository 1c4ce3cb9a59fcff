import assert from "node:assert/strict";
import { LIMITS } from "../sdk/mod.ts";
import { test } from "../tests/permission.ts";
import { plainUser, ProgramFolder } from "./testing/program.ts";

test("serve: is ready, is seen, is stopped, and leaves nothing", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve(["--workers", "3", "--memory", "96MiB", "--json"]);
  const ready = JSON.parse(server.readyLine);
  assert.equal(ready.ready, true);
  assert.equal(ready.instance, "default");
  assert.equal(ready.pid, server.pid);
  assert.equal(ready.workers, 3);
  assert.equal(ready.takenOver, false);

  const status = await folder.json(["status"]);
  assert.equal(status.pid, server.pid);
  assert.equal(status.memoryBytes, 96 << 20);
  assert.deepEqual(status.workers.map(({ id }: { id: number }) => id), [0, 1, 2]);
  assert.equal(status.diskBackend, "unused");
  assert.ok(status.workers.every(({ disk }: { disk: string }) => disk === "unused"));
  assert.ok(status.uptimeMs >= 0);
  assert.ok(status.sessions.length > 0);
  for (const { client } of status.sessions) assert.equal(client, "the node itself");
  const { pools } = await folder.json(["pool", "list"]);
  assert.deepEqual(status.pools.map(({ name }: { name: string }) => name), [
    "admin",
    "worch_queue",
    "worch_proc",
  ]);
  assert.equal(pools.length, 3);

  const stopped = await folder.json(["stop"]);
  assert.equal(stopped.stopped, true);
  assert.equal(stopped.pid, server.pid);
  const { code, stderr } = await server.ended();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /workers +3, on \d+ processors/);
  assert.match(stderr, /memory +96 MiB, /);
  assert.match(stderr, /^ +repos +chimaera, built in$/m);
  assert.match(stderr, /stopping: asked by a client/);
  assert.deepEqual([...Deno.readDirSync(ready.folder)].map(({ name }) => name), ["lock"]);
});

test("serve: with as many workers as there can be, it is seen and stopped", async () => {
  await using folder = new ProgramFolder();
  const words = ["--workers", `${LIMITS.workersMax}`, "--memory", "512MiB"];
  const server = await folder.serve(words, { debugHeap: false });
  const { workers } = await folder.json(["status"]);
  assert.equal(workers.length, LIMITS.workersMax);
  assert.equal((await folder.json(["stop"])).stopped, true);
  assert.equal((await server.ended()).code, 0);
});

test("serve: 4 GiB is as much memory as there can be", async () => {
  await using folder = new ProgramFolder();
  await folder.serve(["--memory", "4GiB"]);
  assert.equal((await folder.json(["status"])).memoryBytes, LIMITS.segmentBytesMax);
});

test("serve: people read its line, its status and its pools", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve(["--instance", "seen"]);
  assert.equal(server.readyLine, `ready: instance seen, pid ${server.pid}`);
  const [status, pools, lanes] = await Promise.all([
    folder.run(["status", "--instance", "seen"]),
    folder.run(["pool", "list", "--instance", "seen"]),
    folder.run(["pool", "list", "--instance", "seen", "--lanes"]),
  ]);
  assert.match(status.stdout, new RegExp(`^instance seen: pid ${server.pid}, version .*, up `));
  assert.match(status.stdout, /^memory: .* in use, /m);
  assert.match(status.stdout, /^disks: not used yet$/m);
  assert.match(status.stdout, /^workers\n +id +cpu +tasks/m);
  assert.match(status.stdout, /^ +\d+ +the node itself +in-process/m);
  assert.match(pools.stdout, /^ +id +pool +library +lanes/);
  assert.match(pools.stdout, /^ +1 +admin +chimaera_admin +1 /m);
  assert.match(lanes.stdout, /^ +pool +lane +group +index +worker/);
  for (const { code, stderr } of [status, pools, lanes]) assert.equal(code, 0, stderr);
});

test("serve: a signal ends it cleanly", async () => {
  await using folder = new ProgramFolder();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const server = await folder.serve();
    server.child.kill(signal);
    const { code, stderr } = await server.ended();
    assert.equal(code, 0, stderr);
    assert.ok(stderr.includes(`stopping: ${signal}`), stderr);
  }
  const { code, stderr } = await folder.run(["status"]);
  assert.equal(code, 1);
  assert.match(stderr, /error\[CHI-5001\]/);
});

test("serve: an instance has one node; the error names it", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve(["--instance", "one"]);
  const { code, stdout, stderr } = await folder.run(["serve", "--instance", "one"]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /error\[CHI-5002\]: start instance one: it runs already/);
  assert.ok(stderr.includes(`as process ${server.pid}`), stderr);
  assert.match(stderr, /chimaera stop --instance one/);
  const other = await folder.serve(["--instance", "two"]);
  assert.notEqual(other.pid, server.pid);
});

const PLAIN = plainUser();

test(
  "serve: another user's instance is an error that says so",
  { ignore: PLAIN === null },
  async () => {
    await using folder = new ProgramFolder();
    folder.write("data", new Uint8Array(100));
    await folder.serve();
    // It has the rights that another user's has for us.
    Deno.chmodSync(`${folder.path}/run/default/lock`, 0);
    for (const words of [["status"], ["stop"], ["pool", "list"], ["compress", "data", "-o", "-"]]) {
      const { code, stderr } = await folder.run(words, PLAIN!);
      assert.equal(code, 1, words.join(" "));
      assert.match(stderr, /^error\[CHI-5010\]: read .*lock: permission denied\nhint: .*\n$/);
    }
  },
);

test("serve: the place of a node that was killed is taken over", async () => {
  await using folder = new ProgramFolder();
  const killed = await folder.serve();
  killed.child.kill("SIGKILL");
  await killed.ended();
  const status = await folder.run(["status"]);
  assert.match(status.stderr, /error\[CHI-5001\]/);
  const server = await folder.serve(["--json"]);
  assert.equal(JSON.parse(server.readyLine).takenOver, true);
  await folder.run(["stop"]);
  assert.match((await server.ended()).stderr, /had died; its place was taken over/);
});

test("stop: with nothing running it fails", async () => {
  await using folder = new ProgramFolder();
  const { code, stderr } = await folder.run(["stop"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[CHI-5001\]: stop instance default: no node runs in /);
  assert.match(stderr, /^hint: there is nothing to stop/m);
});

test("stop, status: a node that hangs is not waited for for ever", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve();
  server.child.kill("SIGSTOP");
  const status = folder.run(["status"]);
  const { code, stderr } = await folder.run(["stop", "--timeout", "100"]);
  assert.equal(code, 1);
  assert.match(stderr, /error\[CHI-3005\]: stop instance default: process \d+ is still there/);
  assert.ok(stderr.includes(`kill -9 ${server.pid}`), stderr);
  const { code: statusCode, stderr: statusText } = await status;
  assert.equal(statusCode, 1);
  assert.match(statusText, /error\[CHI-3005\]: connect to instance default: the node has not/);
  // It was asked by a signal as well, and does as asked when it goes on.
  server.child.kill("SIGCONT");
  const ended = await server.ended();
  assert.equal(ended.code, 0, ended.stderr);
});
