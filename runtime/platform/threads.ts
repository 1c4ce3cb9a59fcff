/** The thread seam: starting workers, and what a worker says when it dies. */

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

/** Processors of the machine. */
export function cpuCount(): number {
  return navigator.hardwareConcurrency;
}
