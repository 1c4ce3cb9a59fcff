/**
 * Peer of `task.promise.inprocess`: the worker pools of the npm registry, under Node, where they
 * are fastest. Installed once, at the versions of {@link ./pools/package-lock.json}, into the
 * user's cache; run from there.
 *
 * The best of them is the peer: all run a short heat, the winner is started again and takes part
 * in the pairs.
 */

import { basename, join } from "node:path";
import { cacheFolder, fingerprint, hasProgram } from "../harness/cache.ts";
import { ControlledProcess, ProcessSide } from "../harness/controlled_process.ts";
import { type BenchContext, CannotRun, type Side } from "../harness/line.ts";
import { calibrate } from "../harness/pairs.ts";
import { median } from "../harness/statistics.ts";

const SOURCES = [
  "package.json",
  "package-lock.json",
  "host.mjs",
  "noop_function.mjs",
  "noop_poolifier.mjs",
  "noop_workerpool.mjs",
  "noop_comlink.mjs",
].map((name) => new URL(`./pools/${name}`, import.meta.url));

const INSTALL = ["ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"];

/** A pool as host.mjs knows it. */
export interface PoolCandidate {
  readonly pool: string;
  readonly workers: number;
}

/** Every pool that takes part, with one worker and with two. */
export const POOL_CANDIDATES: readonly PoolCandidate[] = [
  "piscina",
  "piscina(16 per worker)",
  "tinypool",
  "poolifier",
  "workerpool",
  "comlink",
].flatMap((pool) => [{ pool, workers: 1 }, { pool, workers: 2 }]);

const START_MS_MAX = 20_000;
const HEAT_BLOCKS = 3;
const HEAT_MS = 60;

/** The folder with the installed packages; made at the first call on this machine. */
async function install(): Promise<string> {
  for (const program of ["node", "npm"]) {
    if (!hasProgram(program)) {
      throw new CannotRun(`the peer runs under Node and there is no ${program}`);
    }
  }
  const texts = SOURCES.map((url) => Deno.readTextFileSync(url));
  const parent = cacheFolder("pools");
  const folder = join(parent, await fingerprint(...texts));
  try {
    Deno.statSync(folder);
    return folder;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const draft = Deno.makeTempDirSync({ dir: parent, prefix: "draft-" });
  try {
    SOURCES.forEach((url, index) =>
      Deno.writeTextFileSync(join(draft, basename(url.pathname)), texts[index]!)
    );
    const { success, stderr } = await new Deno.Command("npm", { args: INSTALL, cwd: draft })
      .output();
    if (!success) {
      throw new CannotRun(`npm ci failed: ${new TextDecoder().decode(stderr).trim()}`);
    }
    Deno.renameSync(draft, folder);
  } catch (error) {
    Deno.removeSync(draft, { recursive: true });
    // Another bench was faster; its folder has the same content.
    if (!isDirectory(folder)) throw error;
  }
  return folder;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Starts one pool. */
export async function startPool(
  { pool, workers }: PoolCandidate,
  outstanding: number,
): Promise<Side> {
  const folder = await install();
  const args = ["host.mjs", pool, String(workers), String(outstanding)];
  const host = new ControlledProcess({ program: "node", args }, { cwd: folder });
  try {
    await host.receive(START_MS_MAX);
  } catch (error) {
    await host.close();
    throw error;
  }
  return new ProcessSide(host);
}

/** Microseconds of a task in a short run. A pool that breaks is out: infinitely slow. */
async function heat(candidate: PoolCandidate, outstanding: number, blockMs: number) {
  try {
    const side = await startPool(candidate, outstanding);
    try {
      const ops = Math.max(outstanding, await calibrate(side, blockMs));
      const times: number[] = [];
      for (let block = 0; block < HEAT_BLOCKS; block++) {
        times.push((await side.run(ops)).microsPerOp);
      }
      return median(times);
    } finally {
      await side.close();
    }
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    console.error(`bench: ${candidate.pool} x${candidate.workers} is out: ${String(error)}`);
    return Infinity;
  }
}

/** The winner of the heats. */
export async function bestPool(
  context: BenchContext,
  outstanding: number,
): Promise<PoolCandidate> {
  const blockMs = Math.min(context.rounds.blockMs, HEAT_MS);
  let best: PoolCandidate | undefined;
  let bestMicros = Infinity;
  for (const candidate of POOL_CANDIDATES) {
    const micros = await heat(candidate, outstanding, blockMs);
    if (micros < bestMicros) [best, bestMicros] = [candidate, micros];
  }
  if (best === undefined) throw new CannotRun("no worker pool came up");
  return best;
}
