/** Checks a module repo: its types, and its tests. */

export * from "./check_apart.ts";
export * from "./check_types.ts";
export * from "./problems.ts";
export * from "./run_tests.ts";
export * from "./test_events.ts";
export * from "./test_host.ts";
