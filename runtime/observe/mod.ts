/** Watching a node from outside its workers. */

export * from "./stall_watch.ts";
