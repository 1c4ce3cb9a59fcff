/**
 * Telling whoever waits for a task that it is done: a client's port, a client without shared
 * memory, or the handler that sent it, here or on another worker.
 *
 * Every task is answered once, and its block given back or handed to its caller.
 *
 * Thread rules: one worker's isolate.
 */

import type { ChimaeraError } from "../errors.ts";
import { BLOCK_HEADER_WORDS, H, OriginKind, type Task, TaskFlag } from "../task/mod.ts";
import type { ClientPort } from "./client_port.ts";
import { errorRecordOf } from "./error_record_of.ts";
import type { Lane } from "./lane.ts";
import { LinkKind } from "./links.ts";
import type { Subtasks } from "./subtasks.ts";
import type { WireIntake } from "./wire_intake.ts";
import type { WorkerState } from "./worker_state.ts";

export class Answers {
  readonly #state: WorkerState;
  readonly #subtasks: Subtasks;
  readonly #wire: () => WireIntake;

  constructor(state: WorkerState, subtasks: Subtasks, wire: () => WireIntake) {
    this.#state = state;
    this.#subtasks = subtasks;
    this.#wire = wire;
  }

  /** Fails a task that never reached a handler. */
  fail(task: Task, error: ChimaeraError): void {
    const state = this.#state;
    const block = task.header.block;
    const container = state.containers[task.header.poolId];
    if (container !== undefined) container.active--;
    task.header.context = null;
    state.tasks.give(task);
    this.failBlock(block, error);
  }

  /** Fails the task of a block, of which nothing but its header words need be known. */
  failBlock(block: number, error: ChimaeraError): void {
    const state = this.#state;
    state.epochs.end(block);
    const words = state.node.i32;
    switch (words[block + H.origin]) {
      case OriginKind.port: {
        const port = state.ports.get(words[block + H.port]!);
        if (port !== undefined) {
          state.answer(port, words[block + H.slot]!, words[block + H.generation]!, error);
        }
        state.freeBlock(block);
        break;
      }
      case OriginKind.wire:
        this.#wire().failBlock(block, error);
        break;
      case OriginKind.subtask:
        this.#tellParent(block, error);
        break;
      default:
        state.freeBlock(block);
    }
  }

  /** Fails a task of a lane that does not run, whose container may have left the table. */
  failOf(lane: Lane, task: Task, error: ChimaeraError): void {
    lane.container.active--;
    const block = task.header.block;
    task.header.context = null;
    this.#state.tasks.give(task);
    this.failBlock(block, error);
  }

  /** Tells the caller of a task that ran; `error` is why it failed. */
  tell(task: Task, error: ChimaeraError | null): void {
    const state = this.#state;
    const words = state.node.i32;
    const block = task.header.block;
    state.epochs.end(block);
    switch (words[block + H.origin]) {
      case OriginKind.port: {
        const port = (task.header.context as ClientPort | null) ??
          state.ports.get(words[block + H.port]!);
        if (port !== undefined) this.#tellPort(port, task, error);
        state.release(task);
        break;
      }
      case OriginKind.wire:
        this.#wire().finish(task, error);
        break;
      case OriginKind.subtask:
        task.header.context = null;
        state.tasks.give(task);
        this.#tellParent(block, error);
        break;
      default:
        state.release(task);
    }
  }

  #tellPort(port: ClientPort, task: Task, error: ChimaeraError | null): void {
    const state = this.#state;
    const words = state.node.i32;
    const block = task.header.block;
    if (error === null) {
      const fields = (words[block + H.fields]! >>> 0) >>> 2;
      const target = port.session.segment.i32;
      task.layout.copyOut(words, block + BLOCK_HEADER_WORDS, target, fields);
    }
    state.answer(port, words[block + H.slot]!, words[block + H.generation]!, error);
  }

  /** The block goes back to the caller, who frees it. */
  #tellParent(block: number, error: ChimaeraError | null): void {
    const state = this.#state;
    const words = state.node.i32;
    const origin = words[block + H.port]!;
    const ticket = words[block + H.ticket]!;
    const generation = words[block + H.generation]!;
    if (origin === state.id) {
      this.#subtasks.finish(ticket, generation, error);
      return;
    }
    words[block + H.errorRecord] = 0;
    if (error !== null && (words[block + H.flags]! & TaskFlag.fireAndForget) === 0) {
      words[block + H.errorRecord] = errorRecordOf(state.heap, state.node, error);
    }
    state.links.push(origin, LinkKind.done, ticket, generation, error === null ? 0 : error.number);
  }
}
