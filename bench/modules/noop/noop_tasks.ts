/** Tasks of bench_noop: what a call costs when the method does nothing. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./noop_methods.ts";

/** The library's name. Generated. */
export const libName = "bench_noop";

// CHI_BEGIN(Create)
/** A no-op pool has no parameters. */
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)

// CHI_BEGIN(Noop)
/** `result` is `value` + 1. */
export class NoopTask extends defineTask(Method.kNoop, {
  value: IN.u64(),
  result: OUT.u64(),
}) {}
// CHI_END(Noop)

// CHI_BEGIN(SlowNoop)
/** The same, 10 µs later: the bench's canary. */
export class SlowNoopTask extends defineTask(Method.kSlowNoop, {
  value: IN.u64(),
  result: OUT.u64(),
}) {}
// CHI_END(SlowNoop)

// CHI_BEGIN(Pass)
/** `result` is the sum of the first byte, the last byte, and the size of `data`. */
export class PassTask extends defineTask(Method.kPass, {
  data: IN.bulk("dataSize"),
  dataSize: IN.u64(),
  result: OUT.u64(),
}) {}
// CHI_END(Pass)

// CHI_BEGIN(Nest)
/**
 * Awaits `count` no-op tasks of another lane, one after the other; `result` is their sum. With
 * `across` it runs on another worker than they do, else on the same one.
 */
export class NestTask extends defineTask(Method.kNest, {
  count: IN.u64(),
  across: IN.bool(),
  result: OUT.u64(),
}) {}
// CHI_END(Nest)
// CHI_AUTOGEN_METHODS  // keep at class bottom
