/**
 * A child in a process group of its own, so that what it starts can be found and ended with it.
 */

const POLL_MS = 50;
/** How long processes that are on their way out may take. */
const GRACE_MS = 2000;

/** Whether a signal reached anything of the group. SIGCONT changes nothing in a running process. */
function signal(groupId: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(-groupId, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Ends every process of the group. */
export function endGroup(groupId: number): void {
  signal(groupId, "SIGKILL");
}

/** Waits for the group to be empty; false when processes stay. */
export async function groupEnded(groupId: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += POLL_MS) {
    if (!signal(groupId, "SIGCONT")) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}
