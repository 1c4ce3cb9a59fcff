/**
 * A module repo in a temporary folder, whose module `ledger` can be written in many versions: it
 * keeps a sum per lane, and says which version answered.
 *
 * Thread rules: one per test; dispose it, and nothing is left.
 */

import { taskMethod } from "chimaera";
import {
  CreateContext,
  createMethod,
  defineCreateTask,
  defineTask,
  DomainQuery,
  IN,
  ModuleClient,
  OUT,
} from "chimaera";

const LOCAL = DomainQuery.getLocalId();

/** What of the module differs from one version to the next. */
export interface LedgerVersion {
  /** Said by each answer. */
  readonly version: number;
  /** Lines of the module's `Server`, besides its handlers. */
  readonly members?: string;
  /** Of the handler of Add, before it answers. */
  readonly add?: string;
  /** Whether the handler of Add is asynchronous. */
  readonly isAsync?: boolean;
  /** Whether the instance saves its sum. */
  readonly saves?: boolean;
  /** Fields of AddTask, besides `lane`, `amount`, `sum` and `version`. */
  readonly fields?: string;
  /** Fields of CreateTask, besides `lanes`. */
  readonly params?: string;
  /** Lines before the class. */
  readonly top?: string;
  /** Of `create`, when it has made its lanes. */
  readonly create?: string;
  /** Members of the generated `libExec`, besides those that every module has. */
  readonly libExec?: string;
  /** Whether the module has its method Add. */
  readonly hasAdd?: boolean;
}

/** A module repo that is a folder of its own. */
export class LedgerRepo {
  readonly folder = Deno.makeTempDirSync({ prefix: "chimaera-repo-" });

  constructor(first: LedgerVersion = { version: 1 }) {
    Deno.writeTextFileSync(`${this.folder}/chimaera_repo.yaml`, "namespace: shop\nlayout: 1\n");
    Deno.mkdirSync(`${this.module}`);
    this.put("chimaera_mod.yaml", "name: ledger\nversion: 0.1.0\n");
    this.put("ledger_methods.yaml", "kCreate: 0\nkAdd: 10\n");
    this.put("ledger_methods.ts", METHODS);
    this.write(first);
  }

  get module(): string {
    return `${this.folder}/ledger`;
  }

  /** Writes a file of the module. */
  put(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.module}/${name}`, text);
  }

  /** Writes a version of the module. */
  write(version: LedgerVersion): void {
    this.put("ledger_lib_exec.ts", libExecOf(version));
    this.put("ledger_tasks.ts", tasksOf(version));
    this.put("ledger_runtime.ts", runtimeOf(version));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const METHODS = `export const Method = { kCreate: 0, kAdd: 10 } as const;\n`;

function libExecOf({ libExec, hasAdd }: LedgerVersion): string {
  return `
import type { LibExec, Module, MonitorMode, RunContext, Task } from "chimaera";
import { Method } from "./ledger_methods.ts";
import type { Server } from "./ledger_runtime.ts";
import * as tasks from "./ledger_tasks.ts";

export const libExec: LibExec = {
  libName: tasks.libName,
  create: tasks.CreateTask,
  tasks: [${hasAdd === false ? "" : "[Method.kAdd, tasks.AddTask]"}],
  methodNames: { [Method.kCreate]: "kCreate", [Method.kAdd]: "kAdd" },
  run(module: Module, _method: number, task: Task, rctx: RunContext): void | Promise<void> {
    return (module as Server).add(task as tasks.AddTask, rctx);
  },
  monitor(_module: Module, _mode: MonitorMode, _method: number, _task: Task, _rctx: RunContext) {},
  ${libExec ?? ""}
};
`;
}

function tasksOf({ fields, params }: LedgerVersion): string {
  return `
import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./ledger_methods.ts";
export const libName = "shop_ledger";
export class CreateTask extends defineCreateTask(libName, { lanes: IN.u32(2), ${params ?? ""} }) {}
export class AddTask extends defineTask(Method.kAdd, {
  lane: IN.u32(),
  amount: IN.u32(),
  sum: OUT.u32(),
  version: OUT.u32(),
  ${fields ?? ""}
}) {}
`;
}

function runtimeOf(
  { version, members, add, isAsync, saves, top, create }: LedgerVersion,
): string {
  const state = saves === false ? "" : `
  override saveState(): SavedState {
    return { v: 0, state: { sum: this.sum }, pointers: [] };
  }
  override restoreState(saved: SavedState): void {
    this.sum = (saved.state as { sum: number }).sum;
  }
`;
  return `
import { Module, QUEUE_LOW_LATENCY, type RunContext, type SavedState, type Task } from "chimaera";
import { AddTask, type CreateTask } from "./ledger_tasks.ts";
${top ?? ""}
export class Server extends Module {
  sum = 0;
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(0, task.lanes, QUEUE_LOW_LATENCY);
    ${create ?? ""}
  }
  override mapTaskToLane(task: Task) {
    return this.getLaneByHash(0, task.prio, task instanceof AddTask ? task.lane : 0);
  }
  ${state}
  ${members ?? ""}
  ${isAsync ? "async " : ""}add(task: AddTask, rctx: RunContext) {
    void rctx;
    ${add ?? ""}
    this.sum += task.amount;
    task.sum = this.sum;
    task.version = ${version};
  }
  monitorAdd(): void {}
  monitorCreate(): void {}
}
`;
}

/** The client's side of the first version. */
export class CreateTask extends defineCreateTask("shop_ledger", { lanes: IN.u32(2) }) {}
/** The same. */
export class AddTask extends defineTask(10, {
  lane: IN.u32(),
  amount: IN.u32(),
  sum: OUT.u32(),
  version: OUT.u32(),
}) {}

/** A client that was made for the first version. */
export class LedgerClient extends ModuleClient {
  async create(name: string, lanes = 2): Promise<void> {
    using task = await this.asyncCreate.paced(this, LOCAL, LOCAL, name, new CreateContext(), {
      lanes,
    });
    await task.wait();
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);

  async add(lane: number, amount: number): Promise<{ sum: number; version: number }> {
    using task = await this.asyncAdd.paced(LOCAL, { lane, amount });
    await task.wait();
    return { sum: task.sum, version: task.version };
  }
  asyncAdd = taskMethod(AddTask);
}
