/** The programs `lz4`, `zstd` and `gzip`, which our files are exchanged with in tests. */

import assert from "node:assert/strict";

/** The programs that people have, and how they write to their output and read from a file. */
export const PROGRAMS = [
  { codec: "lz4", ending: ".lz4", pack: ["lz4", "-q", "-c"], unpack: ["lz4", "-q", "-dc"] },
  { codec: "zstd", ending: ".zst", pack: ["zstd", "-q", "-c"], unpack: ["zstd", "-q", "-dc"] },
  { codec: "gzip", ending: ".gz", pack: ["gzip", "-c"], unpack: ["gzip", "-dc"] },
] as const;

/** Whether a program is not here, or may not be run. */
export function missing(program: string): boolean {
  if (Deno.permissions.querySync({ name: "run" }).state !== "granted") return true;
  const command = new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" });
  return !command.outputSync().success;
}

/** What a program writes when it is given a file. */
export async function call(
  [program, ...args]: readonly string[],
  file: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { success, stdout, stderr } = await new Deno.Command(program!, { args: [...args, file] })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return stdout;
}
