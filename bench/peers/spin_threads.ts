/** Peer of `lane.scaling`: {@link ./spin_threads.c}, compiled on this machine. */

import { ControlledProcess, parseBlock } from "../harness/controlled_process.ts";
import type { Block } from "../harness/line.ts";
import { compileC } from "./c_program.ts";

/** A program that runs tasks of `rounds` each, on as many threads as it is told. */
export class SpinThreads {
  readonly #process: ControlledProcess;

  private constructor(process: ControlledProcess) {
    this.#process = process;
  }

  static async start(rounds: number): Promise<SpinThreads> {
    const program = await compileC("spin_threads");
    return new SpinThreads(new ControlledProcess({ program, args: [String(rounds)] }));
  }

  async run(threads: number, tasks: number): Promise<Block> {
    return parseBlock(await this.#process.ask(`run ${threads} ${tasks}`), tasks);
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}
