/** Peers in C: a file beside this one, compiled on this machine. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, fingerprint, hasProgram } from "../harness/cache.ts";
import { CannotRun } from "../harness/line.ts";

const FLAGS = ["-O2", "-pthread"];

/**
 * Compiles `name`.c, unless that was done before; returns the program's path.
 *
 * @throws {CannotRun} When there is no compiler, or it fails.
 */
export async function compileC(name: string): Promise<string> {
  if (!hasProgram("cc")) throw new CannotRun("the peer is in C and there is no cc");
  const source = new URL(`./${name}.c`, import.meta.url);
  const key = await fingerprint(Deno.readTextFileSync(source), ...FLAGS, Deno.build.arch);
  const program = join(cacheFolder("c"), `${name}-${key}`);
  try {
    Deno.statSync(program);
    return program;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // Another bench may compile at the same time: each writes its own file, the last rename stands.
  const draft = `${program}.${Deno.pid}`;
  const { success, stderr } = await new Deno.Command("cc", {
    args: [...FLAGS, "-o", draft, fileURLToPath(source)],
  }).output();
  if (!success) throw new CannotRun(`cc failed: ${new TextDecoder().decode(stderr).trim()}`);
  Deno.renameSync(draft, program);
  return program;
}
