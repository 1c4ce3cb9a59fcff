/**
 * What the checks work on: a node of their own, which other processes can attach to, and a session
 * with it. A later check needs what an earlier one put here.
 */

import type { Session } from "../../sdk/mod.ts";
import { Instance, type Node, startNode } from "../../sdk/node.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { uniqueName } from "../../runtime/platform/mod.ts";

export class Workbench {
  readonly instanceName = `selftest-${uniqueName()}`;
  #instance: Instance | null = null;
  #node: Node | null = null;
  #session: Session | null = null;

  /** Throws CHI-5001 when the check that starts it has failed. */
  get node(): Node {
    if (this.#node !== null) return this.#node;
    throw new ChimaeraError("nodeNotRunning", { what: "use the node", why: "it did not start" });
  }

  /** Throws CHI-5007 when the check that opens it has failed. */
  get session(): Session {
    if (this.#session !== null) return this.#session;
    throw new ChimaeraError("noSession", { what: "use the session", why: "it was not opened" });
  }

  async startNode(): Promise<void> {
    this.#instance = Instance.claim(this.instanceName);
    this.#node = await startNode({ instance: this.#instance });
  }

  async openSession(): Promise<void> {
    this.#session = await this.node.connect();
  }

  /** Ends the node; returns the folder that it must have left empty of all but its lock. */
  async stopNode(): Promise<string> {
    const folder = this.#instance?.paths.folder ?? "";
    const node = this.node;
    this.#session = null;
    this.#node = null;
    await node.close();
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node?.close();
    const folder = this.#instance?.paths.folder;
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  }
}
