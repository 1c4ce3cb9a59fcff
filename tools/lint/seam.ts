/**
 * What the engine takes from the machine it takes through `runtime/platform/`, so that a simulator
 * can stand in its place. These tables say what counts as the machine.
 */

/** The one file that may name `Atomics`. */
export const SHARED_WORDS_FILE = "runtime/platform/shared.ts";

/** Members of `Deno` that are plain values and not the machine. */
export const PURE_DENO_MEMBERS: readonly string[] = ["build", "errors", "inspect", "pid"];

/** Global functions and classes that are clock, random, timers, sockets or threads. */
export const MACHINE_GLOBALS: readonly string[] = [
  "setTimeout",
  "setInterval",
  "clearTimeout",
  "clearInterval",
  "performance",
  "crypto",
  "fetch",
  "WebSocket",
  "EventSource",
  "Worker",
  "BroadcastChannel",
];

/** Members of otherwise pure globals, as `object.member`. */
export const MACHINE_MEMBERS: readonly string[] = ["Date.now", "Math.random"];

/** Built-in modules of Node that are the machine. */
export const MACHINE_MODULES: readonly string[] = [
  "child_process",
  "cluster",
  "dgram",
  "dns",
  "fs",
  "http",
  "http2",
  "https",
  "net",
  "os",
  "perf_hooks",
  "process",
  "timers",
  "tls",
  "worker_threads",
];

/** Whether `specifier` names a built-in module that reaches the machine. */
export function isMachineModule(specifier: string): boolean {
  const name = /^node:([a-z0-9_]+)/.exec(specifier)?.[1];
  return name !== undefined && MACHINE_MODULES.includes(name);
}
