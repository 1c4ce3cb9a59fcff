/**
 * What the node asks of a work orchestration policy, which is a module like any other: method
 * kSchedule of a pool, with one of these tasks.
 */

import { LIMITS } from "../limits.ts";
import { defineTask } from "./define.ts";
import { IN, OUT } from "./fields.ts";

/** Method number of both. */
export const kSchedule = 10;

/** Which worker runs each lane of a group. */
export class ScheduleQueueTask extends defineTask(kSchedule, {
  /** Lanes to place. */
  laneCount: IN.u32(),
  /** Lanes that each worker has already; its length is the number of workers. */
  lanesOfWorker: IN.vec("u32", LIMITS.workersMax),
  /** Worker of each lane. */
  workers: OUT.vec("u16", LIMITS.lanesPerGroup),
}) {}

/** Which processor each worker is bound to. */
export class ScheduleProcTask extends defineTask(kSchedule, {
  workerCount: IN.u32(),
  /** Processors that the node may use. */
  allowedCpus: IN.vec("u16", 1024),
  /** Processor of each worker; −1: any. */
  cpus: OUT.vec("i16", LIMITS.workersMax),
}) {}
