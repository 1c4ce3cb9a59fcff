/** Nodes for tests: simulated ones, and what none of them may leave behind. Knows whole nodes. */

export * from "./dice.ts";
export * from "./history.ts";
export * from "./simulated_workers.ts";
export * from "./world.ts";
