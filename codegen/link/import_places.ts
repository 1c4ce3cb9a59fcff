/**
 * Places that the names of an import map lead to.
 *
 * Thread rules: plain functions.
 */

import { kindOf, readText, realPath } from "../../runtime/platform/mod.ts";
import { CONFIG_FILES } from "../deno_config.ts";
import { KIT_FOLDER } from "../kit/mod.ts";
import { readMap } from "./json_file.ts";

/** The namespace of the modules that every program has. */
export const CORE = "chimaera";

/** Whether a name is that of the SDK, or of a module that every program has. */
export function isCoreName(name: string): boolean {
  return name === CORE || name.startsWith(`${CORE}/`);
}

/** The SDK that Deno gives to the files of a folder, whoever imports them. */
export interface FolderSdk {
  /** The configuration that names it. */
  readonly config: string;
  /** Its names, each with its file, or with what is no file as it is written. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The SDK that files of a folder import, by the nearest `deno.json`; null where that does not name
 * one: then the names of the program hold that imports the files. Throws CHI-1302 for a
 * configuration that cannot be read.
 *
 * @param folder Absolute and without links.
 */
export function sdkOf(folder: string): FolderSdk | null {
  for (let at = folder; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const name = CONFIG_FILES.find((name) => kindOf(`${at}/${name}`) === "file");
    if (name === undefined) continue;
    const config = realPath(`${at}/${name}`)!;
    const imports = readMap({ path: config, text: readText(config) ?? "" }, "imports");
    if (!(CORE in imports)) return null;
    const named = Object.entries(imports).filter(([name]) => isCoreName(name));
    return {
      config,
      files: Object.fromEntries(named.map(([name, value]) => [name, fileOf(at, value)])),
    };
  }
  return null;
}

/** The folder whose kit a file is part of; null for another file. */
export function kitFolderOf(file: string): string | null {
  const end = file.lastIndexOf(`/${KIT_FOLDER}/`);
  return end < 0 ? null : file.slice(0, end);
}

/** The file that a value of an import map in `folder` leads to; the value itself for another kind. */
export function fileOf(folder: string, value: string): string {
  if (!/^(\.{0,2}\/|file:)/.test(value)) return value;
  const base = new URL("file:///");
  base.pathname = `${encoded(folder)}/`;
  const path = decodeURIComponent(new URL(value, base).pathname);
  return realPath(path) ?? path;
}

/** What an import map in `folder` has for a file: both absolute and without links. */
export function valueOf(folder: string, file: string): string {
  if (!file.startsWith("/")) return file;
  const from = folder.split("/");
  const to = file.split("/");
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  const up = "../".repeat(from.length - same);
  return `${up === "" ? "./" : up}${encoded(to.slice(same).join("/"))}`;
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
