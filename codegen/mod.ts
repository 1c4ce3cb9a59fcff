/** What is written into module repos, and how they are checked. */

export * from "./check/mod.ts";
export * from "./kit/mod.ts";
