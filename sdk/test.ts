/**
 * `chimaera/test`: a node for a module's own tests.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { moduleInFolder } from "../runtime/module/mod.ts";
import { Node } from "../runtime/node.ts";
import type { NodeOptions } from "../runtime/node_options.ts";
import { readRepo } from "../runtime/repo/mod.ts";
import type { Session } from "../runtime/session/mod.ts";

/** A node and a session with it; both are closed together. */
export interface TestNode {
  /** Runs in this process, with the debug heap on. */
  readonly node: Node;
  /** The session of clients that name none. */
  readonly session: Session;
  /** Closes the session, then the node. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a node in this process, with the debug heap on, and a session that clients use.
 *
 * @param options As for `startNode`; two workers when absent.
 */
export async function startTestNode(options: NodeOptions = {}): Promise<TestNode> {
  const node = await Node.start({ workers: 2, debugHeap: true, ...options });
  const session = await node.connect();
  session.makeDefault();
  return {
    node,
    session,
    async [Symbol.asyncDispose](): Promise<void> {
      await session.close();
      await node.close();
    },
  };
}

/** What a test's node is made with. */
export interface TestNodeOptions extends NodeOptions {
  /** Folders of module repos, as `file:` URLs. */
  readonly repos?: readonly URL[];
}

/**
 * As {@linkcode startTestNode}, with the modules of repos.
 *
 * @param options Two workers when absent.
 */
export function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const { repos = [], modules = [], ...others } = options;
  const found = repos.flatMap((url) => {
    const repo = readRepo(fileURLToPath(url).replace(/\/$/, ""));
    return repo.modules.map(({ name }) => {
      return moduleInFolder(new URL(`${name}/`, url), repo.namespace);
    });
  });
  return startTestNode({ ...others, modules: [...modules, ...found] });
}
