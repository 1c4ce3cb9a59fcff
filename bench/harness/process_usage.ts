/** What a process uses, as the kernel counts it. Linux. */

/** Clock ticks of the kernel's accounting in a second; fixed in the interface to user space. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads of a process, in milliseconds. */
export function processorMs(pid: number): number {
  return parseProcessorMs(Deno.readTextFileSync(`/proc/${pid}/stat`));
}

/** Reads `/proc/PID/stat`: fields 14 and 15, counted behind the name, which may hold anything. */
export function parseProcessorMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS_PER_SECOND;
}

/** Private and file-backed memory that is present; shared segments are not counted. */
export function residentBytes(pid: number): number {
  return parseResidentBytes(Deno.readTextFileSync(`/proc/${pid}/status`));
}

/** Reads `/proc/PID/status`. */
export function parseResidentBytes(status: string): number {
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]);
  return (kib("RssAnon") + kib("RssFile")) * 1024;
}
