/** Tasks of tests_steady: what runs again and again, and what nobody waits for. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./steady_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_steady";

/** Ways to hold work back. */
export const Holding = {
  /** The task itself is not done before a flush asks. */
  task: 0,
  /** The task is done; what it left runs as tasks that a flush starts, one for each step. */
  later: 1,
  /** As `later`, without tasks: one step each time that a flush asks. */
  bitByBit: 2,
  /** The monitor throws. */
  throws: 3,
} as const;

// CHI_BEGIN(Create)
export class CreateTask extends defineCreateTask(libName, {
  lanes: IN.u32(4),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Beat)
/** Counts its runs, in its own fields and under `key` in the instance that runs it. */
export class BeatTask extends defineTask(Method.kBeat, {
  key: IN.u32(),
  lane: IN.u32(),
  /** How long a run takes; 0: it is synchronous. */
  ms: IN.u32(),
  /** The run that is the last; 0: none. */
  until: IN.u32(),
  /** The run that throws; 0: none. */
  failAt: IN.u32(),
  runs: INOUT.u32(),
  /** Lane that the last run was on. */
  ranOn: OUT.u32(),
  /** Milliseconds, by the worker's clock: the last beginning, and the least time between two. */
  lastMs: INOUT.f64(),
  leastMs: INOUT.f64(),
  /** Runs that began before another was over. */
  overlaps: INOUT.u32(),
}) {}
// CHI_END(Beat)

// CHI_BEGIN(Tally)
/** What a lane's instance has counted under a key. */
export class TallyTask extends defineTask(Method.kTally, {
  key: IN.u32(),
  lane: IN.u32(),
  count: OUT.u32(),
}) {}
// CHI_END(Tally)

// CHI_BEGIN(Relay)
/** Sends a periodic Beat task from a handler. */
export class RelayTask extends defineTask(Method.kRelay, {
  lane: IN.u32(),
  key: IN.u32(),
  periodUs: IN.u32(),
  until: IN.u32(),
  failAt: IN.u32(),
  /** 0: waits for it. 1: frees it after some runs. 2: ends and leaves it. 3: forgets it. */
  then: IN.u32(),
  runs: OUT.u32(),
}) {}
// CHI_END(Relay)

// CHI_BEGIN(Tree)
/** Counts itself under `key`, and forgets `width` tasks like it, one level deeper. */
export class TreeTask extends defineTask(Method.kTree, {
  key: IN.u32(),
  lane: IN.u32(),
  depthLeft: IN.u32(),
  width: IN.u32(1),
  /** The tasks of the last level throw. */
  fails: IN.bool(),
}) {}
// CHI_END(Tree)

// CHI_BEGIN(Forever)
/** Calls Tally every few milliseconds until its caller has gone. */
export class ForeverTask extends defineTask(Method.kForever, {
  key: IN.u32(),
  lane: IN.u32(),
}) {}
// CHI_END(Forever)

// CHI_BEGIN(FlushHere)
/** Flushes from a handler, several times together; each may be `deep` handlers further down. */
export class FlushHereTask extends defineTask(Method.kFlushHere, {
  lane: IN.u32(),
  times: IN.u32(1),
  deep: IN.u32(),
  /** Trees of `depth` that it forgets before; under `key`. */
  key: IN.u32(),
  trees: IN.u32(),
  depth: IN.u32(),
  /** How many tasks of those trees had run when the flush was over, on all lanes. */
  found: OUT.u32(),
}) {}
// CHI_END(FlushHere)

// CHI_BEGIN(Hold)
/** How the home lane holds work back until a flush asks for it. */
export class HoldTask extends defineTask(Method.kHold, {
  key: IN.u32(),
  /** See {@linkcode Holding}. */
  how: IN.u32(),
  lane: IN.u32(),
  /** Steps of later work. */
  steps: IN.u32(1),
}) {}
// CHI_END(Hold)
// CHI_AUTOGEN_METHODS  // keep at class bottom
