/** Which containers a task goes to. Pure. */

export * from "./query.ts";
export * from "./resolve.ts";
