/**
 * The SDK for Node as this program carries it; `tools/packaging/node_package.ts` makes it.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { assetUrl, packaging, readText } from "../../runtime/platform/mod.ts";

/** Where the bundle has it. */
const FILE = "codegen/link/node_package.json";

/** The package's files by their paths, and TypeScript's declarations of the language. */
export interface NodeSdk {
  readonly files: Readonly<Record<string, string>>;
  readonly lib: Readonly<Record<string, string>>;
}

/** Reads the package. Throws CHI-1902 where it is missing: in a checkout that was never built. */
export function readNodeSdk(): NodeSdk {
  const isSource = packaging() === "source";
  const url = assetUrl(isSource ? `dist/${FILE}` : FILE);
  const text = readText(decodeURIComponent(url.pathname));
  if (text !== null) return JSON.parse(text);
  throw new ChimaeraError("programDamaged", {
    what: "link a program on Node",
    why: `${decodeURIComponent(url.pathname)} is missing`,
    hint: isSource ? "a checkout has it after `deno task build`" : undefined,
  });
}
