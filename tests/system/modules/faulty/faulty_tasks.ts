/** Tasks of tests_faulty. Each names the lane that it wants. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./faulty_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_faulty";

/** What a pool's own calls do wrong. */
export const CreateFault = {
  none: 0,
  createThrows: 1,
  noGroup: 2,
  openThrows: 3,
  closeThrows: 4,
  twoGroupsOfOneId: 5,
} as const;
export type CreateFault = typeof CreateFault[keyof typeof CreateFault];

/** What `fail` does wrong. */
export const Fault = {
  none: 0,
  throwsError: 1,
  throwsString: 2,
  throwsNull: 3,
  throwsOwnCode: 4,
  throwsLongText: 5,
  rejects: 6,
  rejectsLater: 7,
  denoExit: 8,
  processExit: 9,
  importedExit: 10,
  selfClose: 11,
  exitLater: 12,
  floatingRejection: 13,
  floatingThrow: 14,
  recursesForEver: 15,
  bareStub: 16,
  waitsInHandler: 17,
  endsTheLoop: 18,
  holdsWorker: 19,
  stopsNode: 20,
} as const;
export type Fault = typeof Fault[keyof typeof Fault];

// CHI_BEGIN(Create)
/** Parameters of a pool that may be hard to make. */
export class CreateTask extends defineCreateTask(libName, {
  lanes: IN.u32(4),
  /** {@linkcode CreateFault}. */
  fault: IN.u32(),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Ok)
/** `result` is `value` + 1. */
export class OkTask extends defineTask(Method.kOk, {
  value: IN.u64(),
  lane: IN.u32(),
  result: OUT.u64(),
}) {}
// CHI_END(Ok)

// CHI_BEGIN(Fail)
/** Misbehaves as `fault` says; see {@linkcode Fault}. */
export class FailTask extends defineTask(Method.kFail, {
  fault: IN.u32(),
  lane: IN.u32(),
}) {}
// CHI_END(Fail)

// CHI_BEGIN(Block)
/** Keeps its lane and its worker busy for `ms`; with `after` not before it has waited once. */
export class BlockTask extends defineTask(Method.kBlock, {
  ms: IN.u32(),
  after: IN.bool(),
  lane: IN.u32(),
}) {}
// CHI_END(Block)

// CHI_BEGIN(Sleep)
/** `result` is `value` + 1, after `ms` in which the lane does other things. */
export class SleepTask extends defineTask(Method.kSleep, {
  ms: IN.u32(),
  value: IN.u64(),
  lane: IN.u32(),
  /** Whether the caller had given up when it ended. */
  aborted: OUT.bool(),
  result: OUT.u64(),
}) {}
// CHI_END(Sleep)

// CHI_BEGIN(Exhaust)
/** Allocates tasks until the node's heap is full, and leaves them behind. */
export class ExhaustTask extends defineTask(Method.kExhaust, {
  lane: IN.u32(),
  /** Never set; makes each of the tasks left behind large. */
  ballast: IN.bytes(60_000),
}) {}
// CHI_END(Exhaust)

// CHI_BEGIN(Call)
/**
 * Awaits `count` tasks of lane `targetLane` of a pool, `together` or one after the other: `ok` with
 * `value`, or `fail` with `fault` where that is not 0. `result` is the sum of the results.
 */
export class CallTask extends defineTask(Method.kCall, {
  /** 0: the pool itself. */
  pool: IN.u32(),
  targetLane: IN.u32(),
  count: IN.u32(1),
  together: IN.bool(),
  value: IN.u64(),
  fault: IN.u32(),
  /** Does not wait for the tasks. */
  forget: IN.bool(),
  lane: IN.u32(),
  result: OUT.u64(),
}) {}
// CHI_END(Call)

// CHI_BEGIN(Overflow)
/** Says that it wrote one byte more than there was room for. */
export class OverflowTask extends defineTask(Method.kOverflow, {
  lane: IN.u32(),
  data: OUT.bulk("dataSize", "dataCapacity"),
  dataCapacity: IN.u64(),
  dataSize: OUT.u64(),
}) {}
// CHI_END(Overflow)

// CHI_BEGIN(ReadFile)
/** `result` is the size of a file, which it reads by a promise that is not the runtime's. */
export class ReadFileTask extends defineTask(Method.kReadFile, {
  path: IN.string(1024),
  lane: IN.u32(),
  result: OUT.u64(),
}) {}
// CHI_END(ReadFile)

// CHI_BEGIN(Next)
/**
 * `previous` is the `sequence` that the lane's instance saw before from this sender; −1: none.
 * Keeps its worker busy for `us` before.
 */
export class NextTask extends defineTask(Method.kNext, {
  sender: IN.u32(),
  sequence: IN.i32(),
  lane: IN.u32(),
  us: IN.u32(),
  previous: OUT.i32(),
  /** Place among all tasks of `next` that the worker ran. */
  place: OUT.u64(),
}) {}
// CHI_END(Next)

// CHI_BEGIN(Echo)
/** Copies each IN field to the OUT field of its kind. */
export class EchoTask extends defineTask(Method.kEcho, {
  flag: IN.bool(),
  tiny: IN.i8(),
  small: IN.u16(),
  whole: IN.i32(),
  large: IN.i64(),
  huge: IN.u64().big,
  half: IN.f32(),
  real: IN.f64(),
  text: IN.string(64),
  raw: IN.bytes(32),
  list: IN.vec("i16", 8),
  inner: IN.struct({ a: IN.u8(), b: IN.f64() }),
  count: INOUT.u32(),
  lane: IN.u32(),
  flagOut: OUT.bool(),
  tinyOut: OUT.i8(),
  smallOut: OUT.u16(),
  wholeOut: OUT.i32(),
  largeOut: OUT.i64(),
  hugeOut: OUT.u64().big,
  halfOut: OUT.f32(),
  realOut: OUT.f64(),
  textOut: OUT.string(64),
  rawOut: OUT.bytes(32),
  listOut: OUT.vec("i16", 8),
  innerOut: OUT.struct({ a: OUT.u8(), b: OUT.f64() }),
}) {}
// CHI_END(Echo)

// CHI_BEGIN(Transform)
/**
 * Adds `add` to each byte of `source` into `target`, and to each byte of `both` in place; the sizes
 * say how many. Waits `ms` before, or until the caller has given up; a `stubborn` one waits on.
 */
export class TransformTask extends defineTask(Method.kTransform, {
  add: IN.u8(),
  ms: IN.u32(),
  stubborn: IN.bool(),
  lane: IN.u32(),
  source: IN.bulk("sourceSize"),
  sourceSize: IN.u64(),
  target: OUT.bulk("targetSize", "targetCapacity"),
  targetCapacity: IN.u64(),
  targetSize: OUT.u64(),
  both: INOUT.bulk("bothSize", "bothCapacity"),
  bothCapacity: IN.u64(),
  bothSize: INOUT.u64(),
}) {}
// CHI_END(Transform)

// CHI_BEGIN(Relay)
/**
 * With `depth` 0 waits until the first byte of `gate` is not 0, and copies it to the second.
 * Otherwise leaves that to a task of lane `targetLane` with a `depth` less, and ends at once.
 */
export class RelayTask extends defineTask(Method.kRelay, {
  depth: IN.u32(),
  targetLane: IN.u32(),
  lane: IN.u32(),
  gate: INOUT.bulk("gateSize", "gateCapacity"),
  gateCapacity: IN.u64(),
  gateSize: INOUT.u64(),
}) {}
// CHI_END(Relay)
// CHI_AUTOGEN_METHODS  // keep at class bottom
