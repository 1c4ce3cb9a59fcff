/**
 * `deno task build`: makes `./chimaera`, one file with everything in it.
 *
 * The sources are bundled into `dist/`; `deno compile` packs them where its base binary can be
 * had, else they become a self-extracting file with the Deno runtime inside (tools/packaging/).
 */

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { build, BuildError, type BuildReport, type PackagingChoice } from "./packaging/mod.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const CHOICES: readonly string[] = ["auto", "compile", "self-extract"];
const MIB = 1 << 20;

const HELP = `Usage: deno task build [options]

  --output FILE       the executable                       (./chimaera)
  --packaging KIND    auto, compile or self-extract        (auto)
  --root DIR          the project's folder                 (this one)
  --json              print the result as one JSON line
  --help

Example: deno task build --output /tmp/chimaera
`;

/** Builds as the arguments say; returns the exit code. */
async function main(args: string[]): Promise<number> {
  let options;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const root = resolve(options.root);
  try {
    const report = await build({
      root,
      dist: `${root}/dist`,
      output: resolve(options.output ?? `${root}/chimaera`),
      cache: `${root}/node_modules/.cache/chimaera_build`,
      packaging: options.packaging,
    });
    console.log(options.json ? JSON.stringify(report) : describe(report));
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`error: build: ${error.message}`);
    return 1;
  }
}

function parseOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      output: { type: "string" },
      packaging: { type: "string", default: "auto" },
      root: { type: "string", default: PROJECT },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (!CHOICES.includes(values.packaging)) {
    throw new Error(`--packaging is one of ${CHOICES.join(", ")}, not ${values.packaging}`);
  }
  return { ...values, packaging: values.packaging as PackagingChoice };
}

function describe(report: BuildReport): string {
  const size = `${(report.sizeBytes / MIB).toFixed(1)} MiB`;
  const how = report.why === undefined
    ? "by deno compile"
    : `self-extracting, because deno compile could not be used: ${report.why}`;
  return `${report.output}: ${size}, ${how}`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
