/** The project's own files, read once: what the house tests look at. */

import { fileURLToPath } from "node:url";
import { isWorkshop } from "../../tools/lint/rooms.ts";

/** The project's folder, without a slash at the end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A file of the project. */
export interface SourceFile {
  /** Project path. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Tests, benches and tools: not shipped. */
  readonly isWorkshop: boolean;
}

const FOREIGN = ["node_modules", "dist", "coverage"];
const TEXT = /\.(ts|tsx|js|mjs|json|md|yaml|sh|c|h|html|css)$|^\.ci\/run$/;

/** Every text file of the project. */
export function sourceFiles(): SourceFile[] {
  return walk("").filter((path) => TEXT.test(path)).sort().map((path) => {
    const text = Deno.readTextFileSync(`${ROOT}/${path}`);
    return { path, text, lines: text.split("\n"), isWorkshop: isWorkshop(path) };
  });
}

function walk(folder: string): string[] {
  return [...Deno.readDirSync(`${ROOT}/${folder}`)].flatMap((entry) => {
    const path = folder + entry.name;
    if (entry.isFile) return [path];
    const hidden = entry.name.startsWith(".") && entry.name !== ".ci";
    const isOurs = entry.isDirectory && !hidden && !FOREIGN.includes(entry.name);
    return isOurs ? walk(`${path}/`) : [];
  });
}

/** Fails with one line for each finding. */
export function expectNone(findings: readonly string[]): void {
  if (findings.length > 0) throw new Error(`\n  ${findings.join("\n  ")}\n`);
}
