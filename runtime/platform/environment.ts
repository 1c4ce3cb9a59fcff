/** What surrounds the process: variables, its number, the machine's memory. */

/** The value of an environment variable; undefined when unset, empty, or not permitted. */
export function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotCapable) return undefined;
    throw thrown;
  }
}

/** This process's number. For messages; numbers are reused. */
export function processId(): number {
  return Deno.pid;
}

/** The user's number; 0 where the system has none. */
export function userId(): number {
  return Deno.uid() ?? 0;
}

/** Bytes of memory of the machine. */
export function machineMemoryBytes(): number {
  return Deno.systemMemoryInfo().total;
}
