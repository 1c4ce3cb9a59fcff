/**
 * A node with a pool of nomads, whose lanes carry state with them, and the load that striders put on
 * it while a test moves lanes or replaces threads.
 */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../../chimods/admin/admin_client.ts";
import { Client } from "../modules/nomad/nomad_client.ts";
import type { Flaw } from "../modules/nomad/nomad_tasks.ts";
import { eventually } from "./expect.ts";
import { liveBlocks } from "../../../runtime/memory/mod.ts";
import { Strider } from "./strider.ts";
import { TEST_MODULES } from "./test_modules.ts";

const HERE = DomainQuery.getLocalId();

/** A node with a pool of nomads. */
export interface Camp {
  readonly node: Node;
  readonly session: Session;
  readonly admin: Admin;
  readonly client: Client;
}

export async function withCamp(
  workers: number,
  options: { readonly lanes?: number; readonly flaw?: Flaw },
  body: (camp: Camp) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(128 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "nomads", new CreateContext(), options.lanes, options.flaw);
  const camp = { node, session, admin: new Admin(session), client };
  await body(camp);
  const { pools } = node;
  if (pools.list().some(({ id }) => id === client.poolId)) {
    await camp.admin.destroyContainer(HERE, client.poolId);
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Runs `body` while striders send to `lanes` lanes; checks all that they sent, and counts it. */
export async function underLoad(
  striders: readonly Strider[],
  lanes: number,
  body: () => Promise<void>,
): Promise<number> {
  let goesOn = true;
  const load = Promise.all(striders.map((strider) => strider.run(lanes, () => goesOn)));
  load.catch(() => goesOn = false); // It is awaited below.
  try {
    await body();
  } finally {
    goesOn = false;
  }
  return (await load).reduce((sum, count) => sum + count, 0);
}

/** Striders on ports of their own. */
export async function stridersOn({ session, client }: Camp, count: number): Promise<Strider[]> {
  const striders = [new Strider(client, 0)];
  while (striders.length < count) {
    striders.push(new Strider(client.in(await session.openPort()), striders.length));
  }
  return striders;
}
