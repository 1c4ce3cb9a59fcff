/**
 * What a program has of its session and has not given back: kept with the debug heap only, for tests
 * that want to know.
 *
 * Thread rules: the session's isolate.
 */

import { type Task, TaskFlag, TaskState } from "../task/mod.ts";
import type { Block } from "./block.ts";

/** A block that is not free. */
export interface HeldBlock {
  readonly block: Block;
  /** The calls that led to its allocation, as lines of a stack. */
  readonly where: string;
}

/** What a program has not given back. */
export interface Held {
  readonly blocks: readonly HeldBlock[];
  readonly tasks: readonly Task[];
}

export class HeldThings {
  /** Its ports' tasks that were allocated and not given back. */
  readonly tasks = new Set<Task>();
  /** An error knows where it was made, and writes it down only when asked. */
  readonly #where = new Map<Block, Error>();

  add(block: Block): void {
    this.#where.set(block, new Error());
    block.onFree = () => void this.#where.delete(block);
  }

  list(): Held {
    const blocks = [...this.#where].map(([block, { stack = "" }]) => {
      const frames = stack.split("\n").filter((line) => line.startsWith("    at "));
      // The first are those of the session itself.
      return { block, where: frames.slice(2).join("\n") };
    });
    return { blocks, tasks: [...this.tasks].filter(isHeld) };
  }
}

/** Whether a task that was allocated is still somebody's: neither freed nor sent for good. */
function isHeld({ header: { state, flags } }: Task): boolean {
  return state !== TaskState.abandoned && (flags & TaskFlag.fireAndForget) === 0;
}
