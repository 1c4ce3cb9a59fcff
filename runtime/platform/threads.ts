/** The thread seam: starting workers, and what a worker says when it dies. */

import { readText } from "./files.ts";
import { nodeBuiltin } from "./node_builtin.ts";
import { machine } from "./simulated_machine.ts";

/** A started thread. */
export interface Thread {
  /** Hands over a value; segments and nothing else. */
  post(value: unknown): void;
  terminate(): void;
}

/**
 * Starts a module worker.
 *
 * @param onDeath Called when the worker fails outside any handler.
 */
export function startThread(
  url: string,
  name: string,
  onMessage: (value: unknown) => void,
  onDeath: (why: string) => void,
): Thread {
  if (machine !== null) return machine.startThread(url, name, onMessage, onDeath);
  const worker = new Worker(url, { type: "module", name });
  worker.onmessage = (event) => onMessage(event.data);
  worker.onerror = (event) => {
    event.preventDefault(); // The node decides what a dead worker means; the process goes on.
    onDeath(event.message);
  };
  return {
    post: (value) => worker.postMessage(value),
    terminate: () => worker.terminate(),
  };
}

/**
 * Starts a thread that does not keep the program alive, and gets one value at its start.
 *
 * @param onDeath Called when it could not start, or failed.
 */
export function startBackgroundThread(
  url: string,
  name: string,
  value: unknown,
  onDeath: (why: string) => void,
): { terminate(): void } {
  // A web worker would keep the program alive until it is ended. Loaded here, because it takes a
  // while and few programs need it; at once, because the caller may be about to block.
  const { Worker } = nodeBuiltin("node:worker_threads");
  const worker = new Worker(new URL(url), { name, workerData: value });
  worker.on("error", (thrown) => onDeath(thrown instanceof Error ? thrown.message : `${thrown}`));
  worker.unref();
  return { terminate: () => void worker.terminate() };
}

/** The value that this background thread was started with. */
export function backgroundValue(): unknown {
  return nodeBuiltin("node:worker_threads").workerData;
}

/** Processors that this process may use. */
export function cpuCount(): number {
  return navigator.hardwareConcurrency;
}

/**
 * Numbers of the processors that this process may use, in order. Where the system does not tell,
 * those from 0 on.
 */
export function allowedCpus(): number[] {
  if (machine !== null) return [...machine.cpus];
  const all = Array.from({ length: cpuCount() }, (_, cpu) => cpu);
  if (Deno.build.os !== "linux") return all;
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readOwnStatus())?.[1];
  return list === undefined ? all : parseCpuList(list);
}

/** Deno shows a process its own `/proc` files only when everything is permitted. */
function readOwnStatus(): string {
  try {
    return readText("/proc/self/status") ?? "";
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotCapable) return "";
    throw thrown;
  }
}

/** Reads the kernel's form of a set of processors: `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, k) => first + k);
  });
}
