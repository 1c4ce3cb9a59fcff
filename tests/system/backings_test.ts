/**
 * Nodes whose memory is in files, or private to their process: what clients of other processes get
 * from them, and that no file is left behind.
 */

import assert from "node:assert/strict";
import { Instance } from "chimaera/node";
import { InstancePaths, SEGMENT_FILES_FOLDER } from "../../runtime/session/mod.ts";
import { test } from "../permission.ts";
import { type CallResults, expectedEchoes } from "./kit/calls.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import type { ErrorLine } from "./kit/lines.ts";
import { NodeProcess } from "./kit/node_process.ts";
import type { ProgramOptions } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";

interface Connected {
  readonly transport: string;
  readonly reason: string;
}

/** A runtime directory whose segment files go with it, also those that a failed test leaves. */
class FilesFolder extends RuntimeFolder {
  override [Symbol.dispose](): void {
    for (const name of segmentFiles()) Deno.removeSync(`${SEGMENT_FILES_FOLDER}/${name}`);
    super[Symbol.dispose]();
  }
}

/** Names of the files that hold segments of the instance in `CHIMAERA_RUNTIME_DIR`. */
function segmentFiles(): string[] {
  const { segmentPrefix } = new InstancePaths();
  return [...Deno.readDirSync(SEGMENT_FILES_FOLDER)].map(({ name }) => name)
    .filter((name) => name.startsWith(segmentPrefix));
}

/** Makes calls of all kinds, bulk among them, from another process. */
async function callsBy(
  transport: "auto" | "socket",
  options: ProgramOptions,
): Promise<{ connected: Connected; results: CallResults }> {
  await using client = startClient({ scenario: "calls", transport }, options);
  const connected = await client.next<Connected>("connected");
  const { results } = await client.next<{ results: CallResults }>("results");
  await client.next("done");
  await client.ended();
  const echoes = JSON.parse(JSON.stringify(expectedEchoes()));
  for (const [name, echo] of Object.entries(echoes)) assert.deepEqual(results[name], echo, name);
  return { connected, results };
}

for (const workers of [1, 2]) {
  test(`a node in files serves clients by memory, ${workers} workers`, async () => {
    using folder = new FilesFolder();
    const options = { env: folder.env };
    await using node = await NodeProcess.start({ workers, backing: "file" }, options);
    assert.equal((await node.figures()).stats.backing, "file");
    const ofNode = segmentFiles();
    assert.ok(ofNode.length > 0);

    const byMemory = await callsBy("auto", options);
    assert.equal(byMemory.connected.transport, "shm");
    assert.match(byMemory.connected.reason, /unsealed/);
    const bySocket = await callsBy("socket", options);
    assert.deepEqual(byMemory.results, bySocket.results);
    await eventually("the sessions' files go", () => segmentFiles().length === ofNode.length);

    const flood = { scenario: "flood", count: 1000, ms: 100, touchBytes: 1 << 20 };
    await using killed = startClient(flood, options);
    await killed.next("outstanding");
    assert.ok(segmentFiles().length > ofNode.length);
    killed.kill("SIGKILL");
    await killed.ended(true);
    await eventually("a dead client's file goes", () => segmentFiles().length === ofNode.length);

    await eventually("no block is left", async () => {
      const { blocks, stats } = await node.figures();
      return blocks.length === 0 && stats.malformed === 0;
    });
    await node.stop();
    assert.deepEqual(segmentFiles(), []);
  });
}

test("files of a node that was killed go when its instance is claimed again", async () => {
  using folder = new FilesFolder();
  const options = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2, backing: "file" }, options);
  await using client = startClient({ scenario: "wait" }, options);
  await client.next("waiting");
  node.program.kill("SIGKILL");
  await node.program.ended(true);
  const { error } = await client.next<{ error: ErrorLine }>("ended");
  assert.equal(error.code, "CHI-5005");
  await client.ended();
  assert.ok(segmentFiles().length > 0, "a killed node can remove nothing");
  const instance = Instance.claim();
  assert.equal(instance.takenOver, true);
  assert.deepEqual(segmentFiles(), []);
  instance.release();

  await using next = await NodeProcess.start({ workers: 2, backing: "file" }, options);
  assert.equal((await callsBy("auto", options)).connected.transport, "shm");
  await next.stop();
  assert.deepEqual(segmentFiles(), []);
});

test("a node of private memory serves clients over the socket", async () => {
  using folder = new FilesFolder();
  const options = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2, backing: "private" }, options);
  assert.equal((await node.figures()).stats.backing, "private");
  const { connected } = await callsBy("auto", options);
  assert.equal(connected.transport, "socket");
  assert.match(connected.reason, /private/);
  assert.deepEqual(segmentFiles(), []);

  await using insisting = startClient({ scenario: "calls", transport: "shm" }, options);
  const { error } = await insisting.next<{ error: ErrorLine }>("failed");
  assert.equal(error.code, "CHI-5004");
  assert.match(error.message, /private/);
  await insisting.ended(true);
  await node.stop();
});
