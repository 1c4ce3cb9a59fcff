/** Client of disk_store. */

import {
  type Block,
  CreateContext,
  createMethod,
  type DomainQuery,
  ModuleClient,
  taskMethod,
} from "chimaera";
import {
  CheckTask,
  CreateTask,
  EchoTask,
  HoldTask,
  ReadPipeTask,
  ReadTask,
  ReleaseTask,
  WriteTask,
} from "./store_tasks.ts";

/** Where a pool's files are, and on how many lanes it serves them. */
export interface StorePlaces {
  readonly path: string;
  readonly pipe?: string;
  readonly lanes?: number;
}

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    places: StorePlaces,
  ): Promise<void> {
    const { path, pipe = "", lanes = 1 } = places;
    const ctx = new CreateContext();
    using task = this.asyncCreate(dom, affinity, poolName, ctx, { path, pipe, lanes });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Read)
  /** Reads the file at `offset` into `data`; returns the bytes read. */
  async read(dom: DomainQuery, data: Block, offset: number, lane = 0): Promise<number> {
    using task = this.asyncRead(dom, { data, dataCapacity: data.size, offset, lane });
    await task.wait();
    return task.dataSize;
  }
  asyncRead = taskMethod(ReadTask);
  // CHI_END(Read)

  // CHI_BEGIN(Write)
  /** Writes `data` to the file at `offset`, durably; returns the bytes written. */
  async write(dom: DomainQuery, data: Block, offset: number, lane = 0): Promise<number> {
    using task = this.asyncWrite(dom, { data, dataSize: data.size, offset, lane });
    await task.wait();
    return task.written;
  }
  asyncWrite = taskMethod(WriteTask);
  // CHI_END(Write)

  // CHI_BEGIN(ReadPipe)
  /** Reads what comes through the pipe next. */
  async readPipe(dom: DomainQuery, data: Block, awaited = true, lane = 0): Promise<number> {
    using task = this.asyncReadPipe(dom, { data, dataCapacity: data.size, awaited, lane });
    await task.wait();
    return task.dataSize;
  }
  asyncReadPipe = taskMethod(ReadPipeTask);
  // CHI_END(ReadPipe)

  // CHI_BEGIN(Echo)
  /** Returns `value` + 1. */
  async echo(dom: DomainQuery, value: number, lane = 0): Promise<number> {
    using task = this.asyncEcho(dom, { value, lane });
    await task.wait();
    return task.result;
  }
  asyncEcho = taskMethod(EchoTask);
  // CHI_END(Echo)

  // CHI_BEGIN(Hold)
  /** Ends after {@linkcode release}. */
  async hold(dom: DomainQuery, lane = 0): Promise<void> {
    using task = this.asyncHold(dom, { lane });
    await task.wait();
  }
  asyncHold = taskMethod(HoldTask);
  // CHI_END(Hold)

  // CHI_BEGIN(Release)
  /** Ends what holds on the lane. */
  async release(dom: DomainQuery, lane = 0): Promise<void> {
    using task = this.asyncRelease(dom, { lane });
    await task.wait();
  }
  asyncRelease = taskMethod(ReleaseTask);
  // CHI_END(Release)

  // CHI_BEGIN(Check)
  /** Tries the ways that need no data of the caller; returns the worker's backend. */
  async check(dom: DomainQuery, offset: number, lane = 0): Promise<string> {
    using task = this.asyncCheck(dom, { offset, lane });
    await task.wait();
    return task.backend;
  }
  asyncCheck = taskMethod(CheckTask);
  // CHI_END(Check)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
