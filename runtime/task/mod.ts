/** Task types, their layout, and task objects. Knows memory, and no lanes. */

export * from "./archive.ts";
export * from "./bulk_view.ts";
export * from "./client.ts";
export * from "./create.ts";
export * from "./define.ts";
export * from "./destroy.ts";
export * from "./error_record.ts";
export * from "./fields.ts";
export * from "./header.ts";
export * from "./layout.ts";
export * from "./policy_tasks.ts";
export * from "./room_queue.ts";
export * from "./root.ts";
export * from "./task.ts";
export * from "./task_layout.ts";
export * from "./task_method.ts";
export * from "./task_pool.ts";
export * from "./wait_watch.ts";
export * from "./waiters.ts";
