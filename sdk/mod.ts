/**
 * What a module, or a program that calls modules, imports as `chimaera`.
 *
 * @module
 */

export { ChimaeraError, type ErrorDetails, type ErrorName, ERRORS } from "../runtime/errors.ts";
export { LIMITS } from "../runtime/limits.ts";
export type { FileAccess } from "../runtime/platform/mod.ts";
export { DomainQuery } from "../runtime/domain/mod.ts";
export type { Pointer } from "../runtime/memory/mod.ts";
export {
  ADMIN_POOL_ID,
  type Archive,
  type Bulk,
  CreateContext,
  type CreateMethod,
  createMethod,
  CreatePoolTask,
  type CreateTaskType,
  defineCreateTask,
  defineTask,
  DT_EXPOSE,
  DT_WRITE,
  type Field,
  type FieldBuilder,
  type FieldsOf,
  IN,
  INOUT,
  kCreate,
  kCreatePool,
  kDestroy,
  ModuleClient,
  OUT,
  type Submitter,
  Task,
  type TaskClass,
  type TaskMethod,
  taskMethod,
  type TaskNode,
  TaskPrio,
  type TaskType,
  TF_LOCAL,
  TF_SRL_ASYM,
  TF_SRL_SYM,
  type WaitOptions,
} from "../runtime/task/mod.ts";
export {
  CoMutex,
  CoRwLock,
  DiskAccess,
  type DiskBytes,
  DiskFile,
  HeapBlock,
  Lane,
  type LaneInfo,
  type LaneMoveInfo,
  type LaneMoveRequest,
  type LibExec,
  type LockGuard,
  Module,
  MonitorMode,
  type NodeControl,
  type NodeStats,
  type PoolInfo,
  QUEUE_HIGH_LATENCY,
  QUEUE_LOW_LATENCY,
  RunContext,
  type SavedState,
  type SessionInfo,
  type StallInfo,
  StrictCoMutex,
  StrictCoRwLock,
  type SyncOptions,
  type WorkerInfo,
} from "../runtime/lane/mod.ts";
export { type PolicyKind, ScheduleProcTask, ScheduleQueueTask } from "../runtime/module/mod.ts";
export {
  Block,
  connect,
  type ConnectOptions,
  Port,
  Session,
  type Transport,
} from "../runtime/session/mod.ts";
