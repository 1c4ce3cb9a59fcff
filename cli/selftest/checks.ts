/** The checks of selftest, in their order. Each returns what it found, or throws why it failed. */

import { connect, DomainQuery } from "../../sdk/mod.ts";
import {
  assetUrl,
  entryUrl,
  ffiAvailable,
  packaging,
  selfCommand,
  VERSION,
} from "../../runtime/platform/mod.ts";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client as Messages } from "../../chimods/small_message/small_message_client.ts";
import { backingText } from "../backing_text.ts";
import { formatSize } from "../quantity.ts";
import { checkCodecs } from "./codecs.ts";
import { expectEqual, failed } from "./failed.ts";
import { callPeer } from "./peer.ts";
import { checkUpgrade } from "./upgrade.ts";
import type { Workbench } from "./workbench.ts";

/** One thing to prove. */
export interface Check {
  readonly name: string;
  readonly run: (bench: Workbench) => Promise<string> | string;
}

const LOCAL = DomainQuery.getLocalId();

export const CHECKS: readonly Check[] = [
  { name: "packaging", run: checkPackaging },
  { name: "ffi", run: checkFfi },
  { name: "workers", run: checkWorkers },
  { name: "memory", run: checkMemory },
  { name: "session", run: checkSession },
  { name: "module loading", run: checkLoading },
  { name: "tasks", run: checkTasks },
  { name: "bulk by pointer", run: checkBulk },
  { name: "live upgrade", run: checkUpgrade },
  { name: "another process", run: (bench) => callPeer(bench, "auto") },
  { name: "over the socket", run: (bench) => callPeer(bench, "socket") },
  { name: "codecs", run: checkCodecs },
  { name: "stop", run: checkStop },
];

/** The files that the program reaches by their place. */
async function checkPackaging(): Promise<string> {
  await Deno.readTextFile(assetUrl("chimods/admin/admin_methods.yaml"));
  await Deno.readTextFile(new URL(entryUrl("runtime/module/worker_main")));
  const [program] = selfCommand();
  await Deno.stat(program);
  return `${packaging()}, version ${VERSION}, Deno ${Deno.version.deno}`;
}

function checkFfi(): string {
  return ffiAvailable() ? "the C library can be called" : "denied: clients use the socket";
}

async function checkWorkers(bench: Workbench): Promise<string> {
  await bench.startNode();
  return `${bench.node.workers} on ${navigator.hardwareConcurrency} processors`;
}

function checkMemory({ node }: Workbench): string {
  const { backing, sizeBytes } = node.segment;
  const expected = ffiAvailable() ? ["memfd", "file"] : ["private"];
  if (!expected.includes(backing)) {
    throw failed("share memory", `the backing is ${backing}, expected ${expected.join(" or ")}`);
  }
  return `${formatSize(sizeBytes)}, ${backingText(backing)}`;
}

async function checkSession(bench: Workbench): Promise<string> {
  await bench.openSession();
  const { transport, segment } = bench.session;
  return `${transport}, ${formatSize(segment.sizeBytes)}`;
}

async function checkLoading({ node, session }: Workbench): Promise<string> {
  const client = new Messages(session);
  await client.create(LOCAL, LOCAL, "selftest", undefined, node.workers);
  const pools = await new Admin(session).listPools(LOCAL);
  const pool = pools.find(({ id }) => id === client.poolId);
  const workers = new Set(pool?.lanes.map(({ worker }) => worker));
  if (workers.size !== node.workers) {
    throw failed("load a module", `its lanes are on ${workers.size} of ${node.workers} workers`);
  }
  return `${pool?.libName} on ${workers.size} workers`;
}

/** The pool that the check before made. */
async function messages({ session }: Workbench): Promise<Messages> {
  const client = new Messages(session);
  await client.create(LOCAL, LOCAL, "selftest", undefined, session.workers);
  return client;
}

async function checkTasks(bench: Workbench): Promise<string> {
  const client = await messages(bench);
  using task = client.asyncMd(LOCAL, { depthLeft: 0 });
  task.waitSync();
  expectEqual("a task by waitSync", task.ret, 1);
  expectEqual("tasks below tasks", await client.md(LOCAL, 9), 10);
  const many = await Promise.all(Array.from({ length: 1000 }, () => client.md(LOCAL, 0)));
  expectEqual("1000 tasks at once", many.reduce((sum, ret) => sum + ret, 0), 1000);
  return "blocking, nested, 1000 at once";
}

async function checkBulk(bench: Workbench): Promise<string> {
  const client = await messages(bench);
  using block = bench.session.alloc(1 << 20);
  block.bytes.fill(3);
  expectEqual("the sum of a block", await client.io(LOCAL, block, 1), 3 << 20);
  await client.io(LOCAL, block, 2);
  expectEqual("what a module wrote", block.bytes[block.size - 1]!, 15);
  return "1 MiB read and written where it lies";
}

async function checkStop(bench: Workbench): Promise<string> {
  const folder = await bench.stopNode();
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((n) => n !== "lock");
  if (left.length > 0) throw failed("stop the node", `it left ${left.join(", ")}`);
  const refused = await connect({ instance: bench.instanceName }).then(() => false, () => true);
  if (!refused) throw failed("stop the node", "it can still be connected to");
  return "node gone, nothing left";
}
