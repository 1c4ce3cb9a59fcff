/**
 * Makes the executable: bundle, then `deno compile`, or else a self-extracting file.
 */

import { BuildError } from "./build_error.ts";
import { bundle } from "./bundle.ts";
import { compile } from "./compile.ts";
import { selfExtract } from "./self_extract.ts";
import { exists } from "../file_tree.ts";

export { BuildError };

/** How to pack; `auto` prefers `deno compile` and falls back where its base binary is missing. */
export type PackagingChoice = "auto" | "compile" | "self-extract";

export interface BuildOptions {
  /** The project's folder, absolute. */
  readonly root: string;
  /** The bundle's folder, absolute; written anew. */
  readonly dist: string;
  /** The executable, absolute. */
  readonly output: string;
  /** Folder for what is kept between builds. */
  readonly cache: string;
  readonly packaging: PackagingChoice;
  /** The Deno executable that a self-extracting file carries; the running one by default. */
  readonly runtime?: string;
  /** Environment of `deno compile`, besides this process's own. */
  readonly compileEnv?: Record<string, string>;
}

/** What was built. */
export interface BuildReport {
  readonly output: string;
  readonly packaging: "compiled" | "self-extracting";
  readonly sizeBytes: number;
  /** Why `deno compile` could not be used. */
  readonly why?: string;
}

/**
 * Builds the executable. It appears under its name whole or not at all.
 *
 * @throws {BuildError} When the tree cannot be bundled or packed.
 */
export async function build(options: BuildOptions): Promise<BuildReport> {
  const { output } = options;
  await bundle(options.root, options.dist, options.cache);
  const partial = `${output}.${Deno.pid}.temp`;
  try {
    const why = await pack(options, partial);
    Deno.chmodSync(partial, 0o755);
    Deno.renameSync(partial, output);
    const sizeBytes = Deno.statSync(output).size;
    return why === null
      ? { output, packaging: "compiled", sizeBytes }
      : { output, packaging: "self-extracting", sizeBytes, why };
  } finally {
    if (exists(partial)) Deno.removeSync(partial);
  }
}

/** Writes `partial`; returns null when `deno compile` did it, else why it did not. */
async function pack(options: BuildOptions, partial: string): Promise<string | null> {
  let why: string | null = "it was not asked for";
  if (options.packaging !== "self-extract") {
    why = await compile(options.dist, partial, options.compileEnv);
    if (why === null) return null;
    if (options.packaging === "compile") throw new BuildError(`deno compile: ${why}`);
  }
  const runtime = options.runtime ?? Deno.execPath();
  const { dist, cache } = options;
  Deno.writeFileSync(partial, await selfExtract({ dist, runtime, cache }));
  return why;
}
