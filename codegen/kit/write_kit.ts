/**
 * Makes `.chimaera/` in a module repo: all of the program that modules and their tests run on, and
 * its types, so that editors, `deno check` and `deno test` need nothing else and no network.
 *
 *   .chimaera/id                     which kit this is
 *   .chimaera/.gitignore             keeps the folder out of commits, and from `deno fmt` and lint
 *   .chimaera/tsconfig.json          for editors without Deno: `{"extends": "./.chimaera/tsconfig.json"}`
 *   .chimaera/sdk/mod.js, mod.d.ts …
 *
 * Files are copied, never linked: a formatter that is let loose on a repo must not change the
 * program. A program that runs from source writes stubs that lead to the checkout: the program's own
 * checks need no more, but Deno finds no packages for files of the checkout, so that `deno check` and
 * `deno test` in the repo need a kit of the built program.
 *
 * Thread rules: any number of processes may do it at once; the kit is there whole or not at all.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import {
  assetUrl,
  makeFolder,
  packaging,
  pathOfUrl,
  PROGRAM_ROOT,
  readBytes,
  readText,
  removeAll,
  renamePath,
  uniqueName,
  writeBytes,
  writeText,
} from "../../runtime/platform/mod.ts";
import { KIT_FOLDER, programImports } from "./kit_names.ts";

const ID_FILE = "id";
const ATTEMPTS = 5;

/** How editors that know no `deno.json` read a repo. */
const EDITOR_OPTIONS = {
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
} as const;

/** What a kit is made of. */
interface Kit {
  /** Two kits of one id are equal. */
  readonly id: string;
  /** Its files; read when they are needed. */
  files(): KitFile[];
}

type KitFile = readonly [path: string, bytes: Uint8Array<ArrayBuffer>];

/**
 * Makes a repo's `.chimaera/` current. Throws CHI-1306 where it cannot be written.
 *
 * @param repoFolder Absolute, without a slash at its end.
 * @returns Whether anything was written.
 */
export function writeKit(repoFolder: string): Promise<boolean> {
  return Promise.resolve().then(() => {
    const kit = packaging() === "source" ? sourceKit() : programKit();
    if (isCurrent(repoFolder, kit)) return false;
    try {
      return replace(repoFolder, kit);
    } catch (thrown) {
      if (thrown instanceof ChimaeraError) throw thrown;
      throw new ChimaeraError("repoNotWritten", {
        what: `write ${repoFolder}/${KIT_FOLDER}`,
        why: thrown instanceof Error ? thrown.message : String(thrown),
        hint: "the repo's folder must be writable, on a disk with 10 MB free",
        cause: thrown,
      });
    }
  });
}

function isCurrent(repoFolder: string, kit: Kit): boolean {
  return readText(`${repoFolder}/${KIT_FOLDER}/${ID_FILE}`) === kit.id;
}

/** Writes the kit beside its place, and moves it there; another process may do the same. */
function replace(repoFolder: string, kit: Kit): boolean {
  const place = `${repoFolder}/${KIT_FOLDER}`;
  // `repo clear-temp` removes what a process that was killed leaves of these.
  const fresh = `${place}-${uniqueName()}.temp`;
  const old = `${fresh}.old.temp`;
  try {
    writeFiles(fresh, kit);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (isCurrent(repoFolder, kit)) return false; // Another process was faster.
      if (moved(place, old)) removeAll(old);
      if (moved(fresh, place)) return true;
    }
  } finally {
    removeAll(fresh);
    removeAll(old);
  }
  throw new ChimaeraError("repoNotWritten", {
    what: `write ${place}`,
    why: "other processes write it all the time",
  });
}

/** Whether this process moved a folder: nothing was there, or something is in its new place. */
function moved(from: string, to: string): boolean {
  try {
    renamePath(from, to);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    if (thrown instanceof Error && /ENOTEMPTY|EEXIST|os error (39|17)\b/.test(thrown.message)) {
      return false;
    }
    throw thrown;
  }
}

function writeFiles(folder: string, kit: Kit): void {
  const folders = new Set<string>();
  for (const [path, bytes] of kit.files()) {
    const file = `${folder}/${path}`;
    const parent = file.slice(0, file.lastIndexOf("/"));
    if (!folders.has(parent)) makeFolder(parent);
    folders.add(parent);
    writeBytes(file, bytes);
  }
  writeText(`${folder}/${ID_FILE}`, kit.id);
}

/** The kit of a built program: files of its bundle, and the types, which it carries as one file. */
function programKit(): Kit {
  const { id, files } = readJson<{ id: string; files: string[] }>("codegen/kit/kit.json");
  return {
    id,
    files() {
      const types = Object.entries(readJson<Record<string, string>>("codegen/kit/types.json"));
      return [
        ...files.map((path): KitFile => [path, readBytes(pathOfUrl(assetUrl(path)))]),
        ...types.map(([path, text]) => textFile(path, text)),
        ...settings((path) => `./${path.replace(/\.js$/, ".d.ts")}`),
      ];
    },
  };
}

/** The kit of a program that runs from source: each file leads to one of the checkout. */
function sourceKit(): Kit {
  const paths = Object.values(programImports());
  const stub = (path: string): KitFile => {
    const { href } = new URL(path, PROGRAM_ROOT);
    const text = `// @ts-self-types="${href}"\nexport * from "${href}";\n`;
    return textFile(path.replace(/\.ts$/, ".js"), text);
  };
  return {
    id: `source of ${PROGRAM_ROOT.href}: ${paths.join(" ")}`,
    files: () => [...paths.map(stub), ...settings((path) => pathOfUrl(assetUrl(path)))],
  };
}

/**
 * Files for other programs.
 *
 * @param typesOf Where the types of a program's file are, for an editor.
 */
function settings(typesOf: (path: string) => string): KitFile[] {
  const paths = Object.fromEntries(
    Object.entries(programImports()).map(([name, path]) => [name, [typesOf(path)]]),
  );
  const editor = { compilerOptions: { ...EDITOR_OPTIONS, paths } };
  return [
    textFile(".gitignore", "*\n"),
    textFile("tsconfig.json", `${JSON.stringify(editor, null, 2)}\n`),
  ];
}

function textFile(path: string, text: string): KitFile {
  return [path, new TextEncoder().encode(text)];
}

function readJson<Value>(path: string): Value {
  const text = readText(pathOfUrl(assetUrl(path)));
  if (text !== null) return JSON.parse(text);
  throw new ChimaeraError("internal", { what: "read the program", why: `${path} is missing` });
}
