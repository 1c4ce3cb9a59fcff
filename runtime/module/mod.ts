/** Modules' code and the pools made of it. Knows lanes. */

export * from "./core_pools.ts";
export * from "./directory.ts";
export * from "./lane_moves.ts";
export * from "./load_module.ts";
export * from "./module_spec.ts";
export * from "./node_worker.ts";
export * from "./policies.ts";
export * from "./pools.ts";
export * from "./recycling.ts";
export * from "./registry.ts";
export * from "./thread_renewal.ts";
export * from "./upgrades.ts";
export * from "./worker_crew.ts";
export * from "./worker_start.ts";
