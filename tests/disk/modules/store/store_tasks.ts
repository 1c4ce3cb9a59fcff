/** Tasks of disk_store: a file behind a pool, and a pipe for reads that take their time. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./store_methods.ts";

/** The library's name. Generated. */
export const libName = "disk_store";

const PATH_BYTES = 256;

// CHI_BEGIN(Create)
/** Where the pool's file and its pipe are. */
export class CreateTask extends defineCreateTask(libName, {
  path: IN.string(PATH_BYTES),
  /** Empty: none. */
  pipe: IN.string(PATH_BYTES),
  lanes: IN.u32(1),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Read)
/** Reads the file at `offset` into `data`. */
export class ReadTask extends defineTask(Method.kRead, {
  lane: IN.u32(0),
  offset: IN.u64(),
  data: OUT.bulk("dataSize", "dataCapacity"),
  dataCapacity: IN.u64(),
  dataSize: OUT.u64(),
}) {}
// CHI_END(Read)

// CHI_BEGIN(Write)
/** Writes `data` to the file at `offset`, and makes it durable. */
export class WriteTask extends defineTask(Method.kWrite, {
  lane: IN.u32(0),
  offset: IN.u64(),
  data: IN.bulk("dataSize"),
  dataSize: IN.u64(),
  written: OUT.u64(),
}) {}
// CHI_END(Write)

// CHI_BEGIN(ReadPipe)
/** Reads what comes through the pipe next; without `awaited` the handler ends before it came. */
export class ReadPipeTask extends defineTask(Method.kReadPipe, {
  lane: IN.u32(0),
  data: OUT.bulk("dataSize", "dataCapacity"),
  dataCapacity: IN.u64(),
  dataSize: OUT.u64(),
  awaited: IN.bool(true),
}) {}
// CHI_END(ReadPipe)

// CHI_BEGIN(Echo)
/** `result` is `value` + 1. */
export class EchoTask extends defineTask(Method.kEcho, {
  lane: IN.u32(0),
  value: IN.u64(),
  result: OUT.u64(),
}) {}
// CHI_END(Echo)

// CHI_BEGIN(Hold)
/** Waits for something foreign to the worker's loop: kRelease. */
export class HoldTask extends defineTask(Method.kHold, { lane: IN.u32(0) }) {}
// CHI_END(Hold)

// CHI_BEGIN(Release)
/** Ends every kHold of the lane. */
export class ReleaseTask extends defineTask(Method.kRelease, { lane: IN.u32(0) }) {}
// CHI_END(Release)

// CHI_BEGIN(Check)
/** Reads and writes in the ways that need no data of the caller; throws what it finds wrong. */
export class CheckTask extends defineTask(Method.kCheck, {
  lane: IN.u32(0),
  offset: IN.u64(),
  /** How the worker reaches its disks. */
  backend: OUT.string(16),
}) {}
// CHI_END(Check)
// CHI_AUTOGEN_METHODS  // keep at class bottom
