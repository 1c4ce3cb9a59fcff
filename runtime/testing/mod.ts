/** Nodes for tests: simulated ones, and what none of them may leave behind. Knows whole nodes. */

export * from "./dice.ts";
export { checkFaults, type FaultName, type Faults } from "./faults.ts";
export * from "./history.ts";
export { LeakCheck, leakError } from "./leaks.ts";
export * from "./memory_hog.ts";
export * from "./simulated_node.ts";
export * from "./simulated_workers.ts";
export * from "./suppressed.ts";
export * from "./world.ts";
