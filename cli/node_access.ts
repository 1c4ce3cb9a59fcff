/**
 * A session for a command that needs a node: with the one that runs, or with one that the command
 * starts inside itself.
 *
 * Thread rules: the main isolate.
 */

import { connect, LIMITS, type Session } from "../sdk/mod.ts";
import { InstancePaths, startNode } from "../sdk/node.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";

/** A node at a command's service. */
export interface NodeAccess {
  readonly session: Session;
  /** Whether the node runs in another process; else it is this command's own. */
  readonly attached: boolean;
  /** Ends the session, and the node if it is the command's own. */
  close(): Promise<void>;
}

/** Bytes of a session with a node of so many workers. */
export type SessionSize = (workers: number) => number;

/**
 * Attaches to the instance when a node runs there, else starts one in this process, which no other
 * process can reach, and says so.
 */
export async function reachNode(
  instance: string,
  sizeOf: SessionSize = () => LIMITS.sessionBytesDefault,
): Promise<NodeAccess> {
  const record = new InstancePaths(instance).find();
  if (record !== null) return await attachNode(instance, sizeOf(record.workers));
  console.error(`note: no node runs as instance ${instance}; starting one inside this command`);
  const node = await startNode();
  const session = await node.connect(sizeOf(node.workers));
  return { session, attached: false, close: () => node.close() };
}

/** Attaches to the instance. Throws CHI-5001 when no node runs there, CHI-3005 when it hangs. */
export async function attachNode(instance: string, sizeBytes: number): Promise<NodeAccess> {
  const what = `connect to instance ${instance}`;
  const session = await within(what, ANSWER_MS_MAX, connect({ instance, sizeBytes }));
  return { session, attached: true, close: () => session.close() };
}
