/**
 * Imports point one way. This table is the house's plan; the lint rule `house/layers` and
 * `tests/house/layers_test.ts` enforce it.
 *
 *   main ─▶ cli ─▶ codegen
 *            │
 *            ▼
 *           sdk ◀─ "chimaera" ── chimods, examples
 *            │
 *            ▼
 *         testing
 *            │
 *            ▼
 *        assembly ─▶ module ─┐
 *            ├─────▶ session ├─▶ lane ─▶ task ─▶ memory ─▶ platform
 *            └─────▶ cluster ┘
 *
 * `domain` is pure functions over plain values; `observe` counts and logs for whoever asks; `repo`
 * knows a module repo's files and runs none of them. They know nothing above them. `ground` (errors and limits) may be read from everywhere.
 *
 * A folder is entered through its `mod.ts` only. The SDK's doors are its four files, a module's
 * doors are the files that DESIGN's module layout names. A module is loaded from a copy of its own
 * folder, so it knows other modules by name: `chimaera/<module>_client` and `chimaera/<module>_tasks`.
 */

import { isWorkshop, roomOf } from "./rooms.ts";

const ENGINE_FLOOR = ["ground", "platform", "observe"] as const;

/** The rooms that each room may import from, besides itself. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  platform: ["ground"],
  domain: ["ground"],
  observe: ["ground", "platform"],
  memory: ENGINE_FLOOR,
  task: [...ENGINE_FLOOR, "memory", "domain"],
  lane: [...ENGINE_FLOOR, "memory", "domain", "task"],
  repo: ["ground", "platform"],
  module: [...ENGINE_FLOOR, "memory", "domain", "task", "lane", "repo"],
  session: [...ENGINE_FLOOR, "memory", "domain", "task", "lane"],
  cluster: [...ENGINE_FLOOR, "memory", "domain", "task", "lane"],
  assembly: [
    ...ENGINE_FLOOR,
    "memory",
    "domain",
    "task",
    "lane",
    "repo",
    "module",
    "session",
    "cluster",
  ],
  testing: [
    ...ENGINE_FLOOR,
    "memory",
    "domain",
    "task",
    "lane",
    "repo",
    "module",
    "session",
    "cluster",
    "assembly",
  ],
  sdk: [
    ...ENGINE_FLOOR,
    "memory",
    "domain",
    "task",
    "lane",
    "repo",
    "module",
    "session",
    "cluster",
    "assembly",
    "testing",
  ],
  chimods: ["sdk"],
  examples: ["sdk", "chimods"],
  codegen: ["ground", "platform", "repo"],
  cli: [
    "ground",
    "platform",
    "observe",
    "repo",
    "session",
    "assembly",
    "sdk",
    "chimods",
    "codegen",
  ],
  main: ["ground", "platform", "cli"],
};

/** The npm packages that the program embeds, each with the only rooms that may import it. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  commander: ["cli"],
  diff: ["codegen"],
  "es-module-lexer": ["repo"],
  fflate: ["chimods"],
  "js-tokens": ["codegen"],
  "lz4-wasm": ["chimods"],
  typescript: ["codegen"],
  yaml: ["repo", "codegen"],
  "zstd-codec": ["chimods"],
};

const SDK_NAMES = ["chimaera", "chimaera/node", "chimaera/platform", "chimaera/test"];
const MODULE_NAME = /^chimaera\/(\w+)_(client|tasks)$/;
const SDK_DOORS = ["mod.ts", "node.ts", "platform.ts", "test.ts"];
/** Each of its folders is entered by itself, so that a command loads no more than it needs. */
const CODEGEN_DOOR = /^codegen\/(\w+\/)?mod\.ts$/;
const MODULE_DOOR = /^chimods\/(\w+)\/\1_(tasks|client|runtime|monitor|methods|lib_exec)\.ts$/;

/**
 * Why `path` may not import `specifier`, or null when it may.
 *
 * @param path Project path of the importing file.
 * @param specifier As written in the import.
 */
export function judgeImport(path: string, specifier: string): string | null {
  if (/^(jsr|https?|data|blob):/.test(specifier)) {
    return `"${specifier}": only npm packages of package.json and files of the project`;
  }
  if (isWorkshop(path)) return null;
  const room = roomOf(path);
  if (specifier.startsWith("node:")) return null; // The seam rule judges these.
  if (specifier.startsWith("./") || specifier.startsWith("../")) {
    const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
    return judgeFile(path, room, target);
  }
  if (specifier === "chimaera" || specifier.startsWith("chimaera/")) {
    const target = MODULE_NAME.test(specifier) ? "chimods" : "sdk";
    if (!allowed(room, target)) return refusal(room, target, specifier);
    if (target === "chimods" || SDK_NAMES.includes(specifier)) return null;
    return `"${specifier}" is neither a door of the SDK nor a module's client or tasks`;
  }
  return judgePackage(room, specifier.replace(/^npm:/, ""));
}

function judgeFile(path: string, room: string, target: string): string | null {
  const targetRoom = roomOf(target);
  if (targetRoom === "deno.json") return null; // Its version and name are data.
  if (room === "chimods" && targetRoom === "chimods") return judgeModuleFile(path, target);
  if (room === "chimods" || room === "examples") {
    if (targetRoom === room) return null;
    return `a ${room} file imports "chimaera" and modules by name, and its own relative files only`;
  }
  if (!allowed(room, targetRoom)) return refusal(room, targetRoom, target);
  if (room === targetRoom || sameFolder(path, target)) return null;
  return isDoor(target, targetRoom) ? null : `enter ${targetRoom} through its door, not ${target}`;
}

function judgeModuleFile(path: string, target: string): string | null {
  if (path.split("/")[1] === target.split("/")[1]) return null;
  return `a module knows another one by the name of its client or tasks, not ${target}`;
}

function judgePackage(room: string, name: string): string | null {
  const owner = Object.keys(PACKAGES).find((key) => name === key || name.startsWith(`${key}/`));
  if (owner === undefined) return `"${name}" is not in the list of packages that we embed`;
  return PACKAGES[owner]?.includes(room) ? null : `"${owner}" is not for ${room}`;
}

function allowed(room: string, target: string): boolean {
  return room === target || (LAYERS[room]?.includes(target) ?? false);
}

function refusal(room: string, target: string, what: string): string {
  return `${room} may not import ${target} (${what}): imports point one way, see tools/lint/layers.ts`;
}

function sameFolder(path: string, target: string): boolean {
  return path.slice(0, path.lastIndexOf("/")) === target.slice(0, target.lastIndexOf("/"));
}

function isDoor(target: string, room: string): boolean {
  if (room === "ground" || room === "assembly") return true;
  if (room === "codegen") return CODEGEN_DOOR.test(target);
  if (room === "sdk") return SDK_DOORS.includes(target.slice("sdk/".length));
  if (room === "chimods") return MODULE_DOOR.test(target);
  return target.endsWith(`/${room}/mod.ts`) || target === `${room}/mod.ts`;
}
