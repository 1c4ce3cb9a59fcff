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

import { moduleFiles, type ModuleRepo, namedModule } from "../runtime/repo/mod.ts";
import {
  addMembers,
  type JsonValue,
  memberOf,
  readJsonObject,
  removeMembers,
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
}

/**
 * Brings the names in a `deno.json` up to date. Throws CHI-1302 for a text that is no JSON.
 *
 * @param file As errors name it.
 */
export function refreshConfig(text: string, file: string, repo: ModuleRepo): ConfigPlan {
  const object = readJsonObject(text, file);
  const imports = memberOf(object, "imports")?.value;
  const wanted = moduleImports(repo);
  const kit = repo.namespace === CORE_NAMESPACE ? {} : kitImports();
  const there = imports?.members ?? [];
  const edits: TextEdit[] = [];
  const gone = [];
  const oldNamespaces = new Set<string>();
  const have = new Set(there.map(({ key }) => key));
  for (const member of there) {
    const { key, value } = member;
    const right = wanted.get(key);
    if (right !== undefined) {
      if (value.string !== right) edits.push({ ...value, text: JSON.stringify(right) });
      continue;
    }
    const named = namedModule(key);
    if (named === null || value.string !== `./${named.module}/${named.file}.ts`) continue;
    const renamed = `${repo.namespace}/${named.file}`;
    if (named.namespace !== repo.namespace && wanted.has(renamed)) {
      oldNamespaces.add(named.namespace);
      if (!have.has(renamed)) {
        have.add(renamed);
        const { keyStart: start, keyEnd: end } = member;
        edits.push({ start, end, text: JSON.stringify(renamed) });
        continue;
      }
    }
    gone.push(member);
  }
  const added = [...Object.entries(kit), ...wanted].filter(([key]) => !have.has(key))
    .map(([key, path]) => [key, JSON.stringify(path)] as const);
  if (imports?.members != null) {
    edits.push(...changes(text, imports, gone, added));
  } else if (added.length > 0) {
    edits.push(...addMembers(text, object, [["imports", objectText(text, added)]]));
  }
  return { text: applyEdits(text, edits), oldNamespaces: [...oldNamespaces] };
}

/** Members that go and members that come; where all go, what comes takes their place. */
function changes(
  text: string,
  imports: JsonValue,
  gone: readonly NonNullable<JsonValue["members"]>[number][],
  added: readonly (readonly [string, string])[],
): TextEdit[] {
  const isEmptied = gone.length > 0 && gone.length === imports.members!.length;
  if (isEmptied && added.length > 0) {
    return [{ start: imports.start, end: imports.end, text: objectText(text, added) }];
  }
  const removed = removeMembers(text, imports, gone);
  const kept = imports.members!.filter((member) => !gone.includes(member));
  return [...removed, ...addMembers(text, { ...imports, members: kept }, added)];
}

function objectText(text: string, members: readonly (readonly [string, string])[]): string {
  const unit = /^(\t| +)"/m.exec(text)?.[1] ?? "  ";
  const lines = members.map(([key, value]) => `${unit}${unit}${JSON.stringify(key)}: ${value}`);
  return `{\n${lines.join(",\n")}\n${unit}}`;
}
