/** What the system says about a process. */

/** Names of the memory files that a process holds, of the segments of one kind. */
export function memoryFiles(pid: number, kind: "node" | "session" | "bell"): string[] {
  const number = { node: 1, session: 2, bell: 3 }[kind];
  return [...Deno.readDirSync(`/proc/${pid}/fd`)]
    .map(({ name }) => linkOf(`/proc/${pid}/fd/${name}`))
    .filter((target) => target.startsWith(`/memfd:chimaera-${number}-`));
}

/** Paths by which the memory files of a kind can be opened. */
export function memoryFilePaths(pid: number, kind: "node" | "session" | "bell"): string[] {
  const number = { node: 1, session: 2, bell: 3 }[kind];
  return [...Deno.readDirSync(`/proc/${pid}/fd`)]
    .map(({ name }) => `/proc/${pid}/fd/${name}`)
    .filter((path) => linkOf(path).startsWith(`/memfd:chimaera-${number}-`));
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return ""; // Closed meanwhile.
  }
}

/** Shared pages that the process has present, in KiB. */
export function sharedKiB(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^RssShmem:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
