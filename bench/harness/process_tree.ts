/** Ends a process with everything below it: a host that hangs has servers and peers of its own. */

/** The processes below `pid`, children after their parents. Linux; elsewhere none are known. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const child of childrenOf(pid)) found.push(child, ...descendants(child));
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    return Array.from(Deno.readDirSync(`/proc/${pid}/task`)).flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter(Boolean)
        .map(Number)
    );
  } catch {
    return []; // The process or one of its threads ended while we looked.
  }
}

/** Kills `pid` and its descendants. */
export function killTree(pid: number): void {
  // Listed first: once its parent is gone, a child belongs to somebody else.
  for (const member of [pid, ...descendants(pid)]) {
    try {
      Deno.kill(member, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
