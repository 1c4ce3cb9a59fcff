/** Checks a module repo: its types, and its tests. */

export * from "./check_types.ts";
export * from "./problems.ts";
