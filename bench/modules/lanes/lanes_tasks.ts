/** Tasks of bench_lanes: work for several lanes at a time. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./lanes_methods.ts";

/** The library's name. Generated. */
export const libName = "bench_lanes";

// CHI_BEGIN(Create)
/** Parameters of a pool. */
export class CreateTask extends defineCreateTask(libName, {
  /** The file that `read` reads; none when empty. */
  path: IN.string(512),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Noop)
/** `result` is `value` + 1. */
export class NoopTask extends defineTask(Method.kNoop, {
  value: IN.u64(),
  result: OUT.u64(),
}) {}
// CHI_END(Noop)

// CHI_BEGIN(Spin)
/**
 * Computes for a while: `result` is what `rounds` of a 32-bit xorshift make of `seed`. With
 * `across` it runs on another worker than no-ops do, else on the same one.
 */
export class SpinTask extends defineTask(Method.kSpin, {
  seed: IN.u32(),
  rounds: IN.u32(),
  across: IN.bool(),
  result: OUT.u32(),
}) {}
// CHI_END(Spin)

// CHI_BEGIN(Fanout)
/**
 * Awaits `width` no-op tasks of another lane, all at once; `result` is their sum. With `across` it
 * runs on another worker than they do, else on the same one.
 */
export class FanoutTask extends defineTask(Method.kFanout, {
  width: IN.u32(),
  across: IN.bool(),
  result: OUT.u64(),
}) {}
// CHI_END(Fanout)

// CHI_BEGIN(Read)
/**
 * Reads a page of the pool's file, on the lane of the no-ops: `tookMs` from the handler's call
 * until it goes on, `sum` of the page's bytes.
 */
export class ReadTask extends defineTask(Method.kRead, {
  offset: IN.u64(),
  tookMs: OUT.f64(),
  sum: OUT.u32(),
}) {}
// CHI_END(Read)
// CHI_AUTOGEN_METHODS  // keep at class bottom
