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
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, {
      path,
      pipe,
      lanes,
    });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Read)
  /** Reads the file at `offset` into `data`; returns the bytes read. */
  read(dom: DomainQuery, data: Block, offset: number, lane = 0): Promise<number> {
    return this.asyncRead.ask(
      dom,
      { data, dataCapacity: data.size, offset, lane },
      (task) => task.dataSize,
    );
  }
  asyncRead = taskMethod(ReadTask);
  // CHI_END(Read)

  // CHI_BEGIN(Write)
  /** Writes `data` to the file at `offset`, durably; returns the bytes written. */
  write(dom: DomainQuery, data: Block, offset: number, lane = 0): Promise<number> {
    return this.asyncWrite.ask(
      dom,
      { data, dataSize: data.size, offset, lane },
      (task) => task.written,
    );
  }
  asyncWrite = taskMethod(WriteTask);
  // CHI_END(Write)

  // CHI_BEGIN(ReadPipe)
  /** Reads what comes through the pipe next. */
  readPipe(dom: DomainQuery, data: Block, awaited = true, lane = 0): Promise<number> {
    return this.asyncReadPipe.ask(dom, {
      data,
      dataCapacity: data.size,
      awaited,
      lane,
    }, (task) => task.dataSize);
  }
  asyncReadPipe = taskMethod(ReadPipeTask);
  // CHI_END(ReadPipe)

  // CHI_BEGIN(Echo)
  /** Returns `value` + 1. */
  echo(dom: DomainQuery, value: number, lane = 0): Promise<number> {
    return this.asyncEcho.ask(dom, { value, lane }, (task) => task.result);
  }
  asyncEcho = taskMethod(EchoTask);
  // CHI_END(Echo)

  // CHI_BEGIN(Hold)
  /** Ends after {@linkcode release}. */
  hold(dom: DomainQuery, lane = 0): Promise<void> {
    return this.asyncHold.ask(dom, { lane });
  }
  asyncHold = taskMethod(HoldTask);
  // CHI_END(Hold)

  // CHI_BEGIN(Release)
  /** Ends what holds on the lane. */
  release(dom: DomainQuery, lane = 0): Promise<void> {
    return this.asyncRelease.ask(dom, { lane });
  }
  asyncRelease = taskMethod(ReleaseTask);
  // CHI_END(Release)

  // CHI_BEGIN(Check)
  /** Tries the ways that need no data of the caller; returns the worker's backend. */
  check(dom: DomainQuery, offset: number, lane = 0): Promise<string> {
    return this.asyncCheck.ask(dom, { offset, lane }, (task) => task.backend);
  }
  asyncCheck = taskMethod(CheckTask);
  // CHI_END(Check)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
