/**
 * `chimaera/test`: a node for a module's own tests.
 *
 * @module
 */

import { Node } from "../runtime/node.ts";
import type { NodeOptions } from "../runtime/node_options.ts";
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
