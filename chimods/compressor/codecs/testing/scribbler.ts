/**
 * A worker that writes random bytes over shared memory, without pause, until it is told to stop
 * by a nonzero byte at the memory's start.
 */

/** Asks a scribbler to stop, at the memory's start. */
export const STOP_AT = 0;

/** Set by a scribbler that has begun. */
export const BEGUN_AT = 1;

/** Bytes at the memory's start that are not scribbled on. */
export const CONTROL_BYTES = 8;

interface WorkerScope {
  onmessage: ((event: MessageEvent<Uint8Array>) => void) | null;
  close(): void;
}

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data: memory }) => {
    let state = 1;
    memory[BEGUN_AT] = 1;
    while (memory[STOP_AT] === 0) {
      for (let count = 0; count < 64; count++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const span = memory.length - CONTROL_BYTES;
        memory[CONTROL_BYTES + (state >>> 8) % span] = state;
      }
    }
    scope.close();
  };
}
