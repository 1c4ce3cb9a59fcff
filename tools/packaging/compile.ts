/**
 * Packs a bundle with `deno compile`.
 *
 * That command needs a base binary which is not part of the Deno that people install: it comes
 * from `DENORT_BIN`, from Deno's cache, or from the network. Where none can be had its error names
 * the file or the host, and only that error lets the build choose the other packaging.
 */

import { BuildError } from "./build_error.ts";
import { runDeno } from "./run_deno.ts";

/** What `deno compile` says of a base binary that it cannot get. */
const NO_BASE_BINARY = /denort|dl\.deno\.land/;

/**
 * Writes the executable `output` from `dist`.
 *
 * @returns Null when it was made, or why the base binary could not be had.
 * @throws {BuildError} When it failed for another reason.
 */
export async function compile(
  dist: string,
  output: string,
  env: Record<string, string> = {},
): Promise<string | null> {
  const flags = ["--allow-all", "--no-lock", "--app-name", "chimaera"];
  const files = ["--config", "deno.json", "--include", ".", "--output", output, "main.js"];
  const result = await runDeno(["compile", ...flags, ...files], {
    cwd: dist,
    // A package.json above dist/ would embed the build's own packages too.
    env: { DENO_NO_PACKAGE_JSON: "1", ...env },
  });
  if (result.ok) return null;
  const reason = result.text.split("\n").find((line) =>
    NO_BASE_BINARY.test(line) && !isProgress(line)
  );
  if (reason === undefined) throw new BuildError(`deno compile failed:\n${result.text}`);
  return reason.replace(/^\s*(\d+:|error:)\s*/, "");
}

/** Deno announces the download before it fails; that line gives no reason. */
function isProgress(line: string): boolean {
  return /^\s*(Download|Compile|Check)\b/.test(line);
}
