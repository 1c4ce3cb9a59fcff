/**
 * `codegen.refresh` and `mod.new`: how long an author waits for generated code, and for a first
 * answer of a new module.
 */

import { CreateContext, createMethod, defineCreateTask, DomainQuery } from "chimaera";
import { ModuleClient, type Session } from "chimaera";
import { freshModule, newRepo, planRefresh, writeRefresh } from "../../codegen/mod.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { builtProgram, needProgram, Program } from "../ours/program.ts";

const HERE = DomainQuery.getLocalId();
const MODULES = 100;
const METHODS = 50;

/** A repo whose modules have no method of their own yet, and YAML files that say they have many. */
async function declaredRepo(): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "r-" });
  await newRepo(folder, "bench");
  const methods = Array.from({ length: METHODS }, (_, k) => `kMethod${k}: ${10 + k}\n`).join("");
  for (let k = 0; k < MODULES; k++) {
    Deno.mkdirSync(`${folder}/m${k}`);
    for (const [file, text] of freshModule("bench", `m${k}`)) {
      Deno.writeTextFileSync(`${folder}/m${k}/${file}`, text);
    }
    Deno.writeTextFileSync(`${folder}/m${k}/m${k}_methods.yaml`, `kCreate: 0\n${methods}`);
  }
  return folder;
}

async function measureRefresh({ rounds }: BenchContext): Promise<Measurement> {
  const samples: [number, null][] = [];
  let written = 0;
  for (let k = 0; k < rounds.launches; k++) {
    const folder = await declaredRepo();
    const startMs = performance.now();
    const plan = await planRefresh(folder);
    await writeRefresh(plan);
    samples.push([performance.now() - startMs, null]);
    written += plan.changes.length;
    Deno.removeSync(folder, { recursive: true });
  }
  if (written !== rounds.launches * (MODULES * 5 + 1)) {
    throw new Error(`${written} files were written`);
  }
  return { peer: null, samples, checksum: written };
}

/** A client of a module that was just scaffolded: all it can do is be created. */
async function firstCall(session: Session, libName: string): Promise<void> {
  class Client extends ModuleClient {
    asyncCreate = createMethod(class extends defineCreateTask(libName, {}) {});
  }
  for (;;) {
    const client = new Client(session);
    try {
      using task = await client.asyncCreate.paced(client, HERE, HERE, libName, new CreateContext());
      return await task.wait();
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError) || thrown.kind !== "moduleNotFound") throw thrown;
      await new Promise((wake) => setTimeout(wake, 1));
    }
  }
}

async function measureNew({ rounds }: BenchContext): Promise<Measurement> {
  needProgram();
  const { served, note } = builtProgram();
  const folder = Deno.makeTempDirSync({ prefix: "r-" });
  await newRepo(folder, "bench");
  const args = [...served.args, "--workers", "2", "--repo", folder, "--watch"];
  const program = Program.start({ ...served, args });
  const samples: [number, null][] = [];
  try {
    const session = await program.connect();
    const scaffold = async (name: string): Promise<number> => {
      const startMs = performance.now();
      const words = [...served.args.slice(0, -1), "mod", "new", `${folder}/${name}`];
      const { success } = await new Deno.Command(served.program, { args: words, stdout: "null" })
        .output();
      if (!success) throw new Error("mod new failed");
      await firstCall(session, `bench_${name}`);
      return performance.now() - startMs;
    };
    await scaffold("warm");
    for (let k = 0; k < rounds.launches; k++) samples.push([await scaffold(`m${k}`), null]);
    await session.close();
  } finally {
    await program.stop();
    Deno.removeSync(folder, { recursive: true });
  }
  return { peer: null, note, samples, checksum: samples.length };
}

export const CODEGEN_LINES: readonly BenchLine[] = [
  {
    name: "codegen.refresh",
    what: "a refresh of 100 modules that puts 50 methods into each, written to disk",
    unit: "ms",
    better: "lower",
    bar: "ours<=1000",
    placement: Placement.free,
    measure: measureRefresh,
  },
  {
    name: "mod.new",
    what: "from the start of `mod new` to the first call of the new module on a node that runs " +
      "`serve --watch`; warm",
    unit: "ms",
    better: "lower",
    bar: "ours<=300",
    placement: Placement.free,
    measure: measureNew,
  },
];
