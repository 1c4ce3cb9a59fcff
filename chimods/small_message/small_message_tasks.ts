/** Tasks of small_message: the smallest useful ones, for tests and measurements. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./small_message_methods.ts";

/** The library's name. Generated. */
export const libName = "chimaera_small_message";

/** What an Io task does with its bytes. */
export const MD_IO_WRITE = 1;
export const MD_IO_READ = 2;

// CHI_BEGIN(Create)
/** Parameters of a small_message pool. */
export class CreateTask extends defineCreateTask(libName, {
  /** Lanes of the pool. */
  lanes: IN.u32(4),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Md)
/** Metadata only: calls itself `depthLeft` times, each on the next lane. */
export class MdTask extends defineTask(Method.kMd, {
  depthLeft: IN.u32(),
  /** Lane, by hash. */
  lane: IN.u32(),
  /** Tasks that ran, this one included. */
  ret: OUT.u32(),
}) {}
// CHI_END(Md)

// CHI_BEGIN(Io)
/** Bulk bytes: MD_IO_WRITE sums them, MD_IO_READ fills them with 15. */
export class IoTask extends defineTask(Method.kIo, {
  mode: IN.u32(),
  data: INOUT.bulk("size", "capacity"),
  size: INOUT.u64(),
  capacity: IN.u64(),
  ret: OUT.u64(),
}) {}
// CHI_END(Io)
// CHI_AUTOGEN_METHODS  // keep at class bottom
