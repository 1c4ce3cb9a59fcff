/** Lanes and the workers that run them. Knows tasks. */

export * from "./client_port.ts";
export * from "./container.ts";
export * from "./containers.ts";
export * from "./co_mutex.ts";
export * from "./co_rw_lock.ts";
export * from "./control.ts";
export * from "./counters.ts";
export * from "./disk_file.ts";
export { type DiskBytes } from "./disk_memory.ts";
export { DiskQueue } from "./disk_queue.ts";
export * from "./handler_owner.ts";
export * from "./heap_block.ts";
export * from "./host_loop.ts";
export * from "./lane.ts";
export * from "./lane_move_orders.ts";
export { readLaneSeed } from "./lane_order.ts";
export * from "./lib_exec.ts";
export * from "./links.ts";
export { LockGuard } from "./lock_guard.ts";
export * from "./module.ts";
export * from "./node_control.ts";
export * from "./ring_places.ts";
export * from "./run_context.ts";
export type { SavedState } from "./saved_state.ts";
export * from "./worker.ts";
export type { WorkerPace } from "./worker_pace.ts";
