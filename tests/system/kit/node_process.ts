/** A node that runs as a process of its own, as a test sees it. */

import type { NodeStats } from "chimaera";
import type { LiveBlock } from "../../../runtime/memory/mod.ts";
import { Program, type ProgramOptions } from "./program.ts";
import type { ServeConfig } from "./serve.ts";

const SCRIPT = new URL("./serve.ts", import.meta.url);

/** What a node tells a test. */
export interface NodeFigures {
  readonly stats: NodeStats;
  /** Blocks of the node's heap that are in use. */
  readonly blocks: readonly LiveBlock[];
}

export class NodeProcess {
  readonly program: Program;
  readonly takenOver: boolean;

  private constructor(program: Program, takenOver: boolean) {
    this.program = program;
    this.takenOver = takenOver;
  }

  /** Starts a node and waits until it serves. */
  static async start(config: ServeConfig, options: ProgramOptions): Promise<NodeProcess> {
    const program = Program.start(SCRIPT, config, options);
    try {
      const { takenOver } = await program.next<{ takenOver: boolean }>("ready");
      return new NodeProcess(program, takenOver);
    } catch (thrown) {
      await program[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  get pid(): number {
    return this.program.pid;
  }

  figures(): Promise<NodeFigures> {
    return this.program.ask<NodeFigures>("stats");
  }

  /** Sessions of other processes. */
  async clients(): Promise<NodeStats["sessions"]> {
    const { stats } = await this.figures();
    return stats.sessions.filter((session) => session.transport !== "in-process");
  }

  /** Stops the node as a person would, and waits for its end. */
  async stop(): Promise<void> {
    await this.program.send({ kind: "stop" });
    await this.program.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
