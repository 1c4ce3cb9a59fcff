/**
 * A repo's `deno.json`: refresh owns the names in its `imports` that lead to the SDK and to the
 * repo's modules, and touches nothing else.
 *
 *   "chimaera", "chimaera/node", …     the kit in `.chimaera/`; one that is there stays as it is
 *   "example/compressor_client"        ./compressor/compressor_client.ts
 *   "example/compressor_tasks"         ./compressor/compressor_tasks.ts
 *
 * A repo without a `deno.json` in a folder of a project that knows `chimaera` is that project's part
 * and gets none.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { moduleFiles, type ModuleRepo, namedModule } from "../runtime/repo/mod.ts";
import {
  changeMembers,
  type JsonMember,
  type JsonValue,
  memberOf,
  objectText,
  placeAt,
  readJsonObject,
} from "./json_text.ts";
import { kitImports } from "./kit/mod.ts";
import { applyEdits, type TextEdit } from "./text_edit.ts";

/** Names that a repo's settings may have, the first one that is there. */
export const CONFIG_FILES = ["deno.json", "deno.jsonc"] as const;

/** The namespace of the core repo, whose names lead to the SDK's sources. */
export const CORE_NAMESPACE = "chimaera";

/** Settings of a new repo; those of the compiler are the strictest that the SDK's types stand. */
const NEW_CONFIG = {
  imports: {},
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    useUnknownInCatchVariables: true,
  },
  permissions: { default: { all: true } },
  fmt: { lineWidth: 100 },
  exclude: [".chimaera/"],
};

/** A new repo's `deno.json`, without names. */
export function newConfig(): string {
  return `${JSON.stringify(NEW_CONFIG, null, 2)}\n`;
}

/** The names of a repo's modules, each with its file relative to the repo's folder. */
export function moduleImports({ namespace, modules }: ModuleRepo): Map<string, string> {
  return new Map(modules.flatMap(({ name }) => {
    const { client, tasks } = moduleFiles(name);
    return [client, tasks].map((file) =>
      [`${namespace}/${file.replace(/\.ts$/, "")}`, `./${name}/${file}`] as const
    );
  }));
}

/** What refresh makes of a repo's settings. */
export interface ConfigPlan {
  readonly text: string;
  /** Namespaces that the repo's modules had in it before. */
  readonly oldNamespaces: readonly string[];
  /** Names of this form that lead elsewhere: modules of other repos. */
  readonly foreign: ReadonlySet<string>;
}

/**
 * Throws CHI-1302 at the line of an `importMap`. Where there are `imports`, Deno does not look at it:
 * to add them would take its names from the project.
 */
export function refuseImportMap(object: JsonValue, text: string, file: string): void {
  const member = memberOf(object, "importMap");
  if (member === undefined) return;
  throw new ChimaeraError("badManifest", {
    what: `${file}:${placeAt(text, member.keyStart)}`,
    why: "the project's names are in another file, which Deno leaves out once there are `imports`",
    hint: "move them to `imports` in this file, and run the command again",
  });
}

/**
 * Brings the names in a `deno.json` up to date. Throws CHI-1302 for a text that is no JSON, and for
 * one with an `importMap`.
 *
 * @param file As errors name it.
 * @param isThere Whether the repo has a file; a name of ours that leads to none goes.
 */
export function refreshConfig(
  text: string,
  file: string,
  repo: ModuleRepo,
  isThere: (path: string) => boolean,
): ConfigPlan {
  const object = readJsonObject(text, file);
  refuseImportMap(object, text, file);
  const imports = memberOf(object, "imports")?.value;
  if (imports !== undefined && imports.members === null) {
    const what = `${file}:${placeAt(text, imports.start)}`;
    throw new ChimaeraError("badManifest", { what, why: "its `imports` are no object" });
  }
  const wanted = moduleImports(repo);
  const { have, gone, edits, oldNamespaces, foreign } = judgeNames(imports?.members ?? [], {
    namespace: repo.namespace,
    wanted,
    isThere,
  });
  const kit = repo.namespace === CORE_NAMESPACE ? {} : kitImports();
  const added = [...Object.entries(kit), ...wanted].filter(([key]) => !have.has(key))
    .map(([key, path]) => [key, JSON.stringify(path)] as const);
  if (imports !== undefined) edits.push(...changeMembers(text, imports, gone, added));
  else {
    const inside = indented(objectText(text, object.start, added), text);
    edits.push(...changeMembers(text, object, [], [["imports", inside]]));
  }
  return { text: applyEdits(text, edits), oldNamespaces, foreign };
}

interface Names {
  readonly namespace: string;
  readonly wanted: ReadonlyMap<string, string>;
  readonly isThere: (path: string) => boolean;
}

/** Sorts the names that are there: right, to be changed, not ours, to go. */
function judgeNames(there: readonly JsonMember[], { namespace, wanted, isThere }: Names) {
  const edits: TextEdit[] = [];
  const gone: JsonMember[] = [];
  const old = new Set<string>();
  const foreign = new Set<string>();
  const have = new Set(there.map(({ key }) => key));
  for (const member of there) {
    const { key, value } = member;
    const right = wanted.get(key);
    if (right !== undefined && value.string !== right) {
      edits.push({ start: value.start, end: value.end, text: JSON.stringify(right) });
    }
    const named = right === undefined ? namedModule(key) : null;
    if (named === null) continue;
    if (value.string !== `./${named.module}/${named.file}.ts`) {
      foreign.add(key);
      continue;
    }
    const renamed = `${namespace}/${named.file}`;
    const isRenamed = named.namespace !== namespace && wanted.has(renamed);
    if (isRenamed) old.add(named.namespace);
    if (isRenamed && !have.has(renamed)) {
      have.add(renamed);
      const { keyStart: start, keyEnd: end } = member;
      edits.push({ start, end, text: JSON.stringify(renamed) });
    } else if (isRenamed || !isThere(value.string)) gone.push(member);
  }
  return { edits, gone, have, oldNamespaces: [...old], foreign };
}

/** An object one level deeper in a text. */
function indented(object: string, text: string): string {
  const unit = /^(\t| +)"/m.exec(text)?.[1] ?? "  ";
  return object.replace(/(\r\n|\n|\r)/g, `$1${unit}`);
}
