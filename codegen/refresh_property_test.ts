/** For any methods and any text of an author's: nothing of it is lost, and a second run changes nothing. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { planAuthorFile, planPruning } from "./author_file.ts";
import { findMarks } from "./marks.ts";
import type { Method } from "./method_model.ts";
import { ROLES } from "./print_blocks.ts";
import { applyEdits, type TextEdit } from "./text_edit.ts";
import { isWithin } from "./testing/text_within.ts";
import { changeMembers, readJsonObject } from "./json_text.ts";

const NAMES = ["kMigrate", "kA", "kBetter", "kC_1", "kDo", "kEnd"];

const METHODS = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }).chain((names) =>
  fc.uniqueArray(fc.integer({ min: 10, max: 2 ** 32 - 1 }), {
    minLength: names.length,
    maxLength: names.length,
  }).map((ids): Method[] =>
    [
      { name: "kCreate", id: 0, at: "1:1" },
      ...names.map((name, k) => ({ name, id: name === "kMigrate" ? 4 : ids[k]!, at: "1:1" })),
    ].sort((a, b) => a.id - b.id)
  )
);

/** Lines that an author may write anywhere; none of them is a mark, some look like one. */
const LINE = fc.constantFrom(
  "",
  "  ",
  "\t// a comment",
  "const x = `// ${1}`;",
  'const y = "// CHI_BEGIN(No)";',
  "/* // CHI_END(No) */",
  "/*\n// CHI_BEGIN(No)\n*/",
  "const z = `\n// CHI_AUTOGEN_METHODS\n`;",
  "const q = 1 / 2; // half",
  "const r = /[/`*]/;",
  "function f() {\n    return `${`${1}`}`;\n}",
  "// ünï ✓",
);
const LINES = fc.array(LINE, { maxLength: 6 });
const EOL = fc.constantFrom("\n", "\r\n");
const ROLE = fc.constantFrom(...ROLES);

/** A file of an author's: what it imports, marks of some methods, other lines all over. */
const FILE = fc.record({
  head: LINES,
  imports: fc.subarray([
    'import { createMethod } from "chimaera";',
    "import {\n  ModuleClient,\n  type Task,\n} from 'chimaera'",
    'import type { CreateTask } from "./m_tasks.ts";',
    'import * as all from "./other.ts";',
  ]),
  before: LINES,
  within: LINES,
  after: LINES,
  hasAutogen: fc.boolean(),
  indent: fc.constantFrom("", "  ", "\t", "    "),
  hasLastEnd: fc.boolean(),
  eol: EOL,
});

function textOf(file: typeof FILE extends fc.Arbitrary<infer T> ? T : never): string {
  const { head, imports, before, within, after, hasAutogen, indent, hasLastEnd, eol } = file;
  const lines = [
    ...head,
    ...imports,
    'export const libName = "example_m";',
    ...before,
    `${indent}// CHI_BEGIN(Create)`,
    ...within,
    `${indent}// CHI_END(Create)`,
    ...after,
    ...hasAutogen ? [`${indent}// CHI_AUTOGEN_METHODS  // keep`] : [],
  ];
  return lines.join("\n").replaceAll("\n", eol) + (hasLastEnd ? eol : "");
}

function onlyAdds(edits: readonly TextEdit[]): boolean {
  return edits.every(({ start, end }) => start === end);
}

async function refreshed(
  role: typeof ROLES[number],
  methods: readonly Method[],
  text: string,
  prune = false,
): Promise<string> {
  const source = { role, namespace: "example", module: "m", methods, file: "m.ts", text };
  const plan = await planAuthorFile(source);
  assert.deepEqual(plan.problems, []);
  assert.deepEqual(plan.homeless, []);
  assert.ok(onlyAdds(plan.edits), "something was taken out");
  const after = applyEdits(text, plan.edits);
  if (!prune) return after;
  const pruning = await planPruning({ ...source, text: after });
  assert.ok(!(pruning instanceof Error));
  return applyEdits(after, pruning);
}

Deno.test("refresh: for any author's file nothing is lost, and once is enough", async () => {
  await fc.assert(fc.asyncProperty(FILE, ROLE, METHODS, async (file, role, methods) => {
    const before = textOf(file);
    const after = await refreshed(role, methods, before);
    assert.equal(await refreshed(role, methods, after), after);
    const { blocks } = findMarks(after, "m.ts");
    for (const { name } of methods) assert.ok(blocks.has(name.slice(1)), name);
    const ids = new Map(methods.map(({ name, id }) => [name.slice(1), id]));
    const order = [...blocks.keys()].map((name) => ids.get(name)!);
    assert.deepEqual(order, order.toSorted((a, b) => a - b));
  }));
});

Deno.test("refresh: methods may come one by one or at once", async () => {
  await fc.assert(fc.asyncProperty(FILE, ROLE, METHODS, async (file, role, methods) => {
    let text = textOf(file);
    for (let count = 1; count <= methods.length; count++) {
      text = await refreshed(role, methods.slice(0, count), text);
    }
    assert.equal(await refreshed(role, methods, text), text);
  }));
});

Deno.test("prune: takes out what refresh put in, and the author's text is as before", async () => {
  await fc.assert(fc.asyncProperty(FILE, METHODS, LINES, async (file, methods, edits) => {
    const create = methods.slice(0, 1);
    const before = textOf(file);
    const grown = await refreshed("tasks", methods, before);
    // The author edits inside the blocks; what is outside stays as it is.
    const edited = edits.reduce((text, line, k) => {
      const name = methods[1 + k % (methods.length - 1)]!.name.slice(1);
      return text.replace(`// CHI_END(${name})`, () => `${line}${file.eol}// CHI_END(${name})`);
    }, grown);
    const pruned = await refreshed("tasks", create, edited, true);
    const imports = await refreshed("tasks", create, grown, true);
    assert.equal(pruned, imports);
    assert.ok(isWithin(before, pruned));
    const { blocks } = findMarks(pruned, "m.ts");
    assert.deepEqual([...blocks.keys()], ["Create"]);
  }));
});

const JSON_TEXT = fc.dictionary(
  fc.stringMatching(/^[a-z/]{1,8}$/),
  fc.constantFrom("1", '"x"', "[1, {}]", "-2"),
  {
    maxKeys: 6,
  },
);

Deno.test("json: members come and go, and the rest stays as it is", () => {
  fc.assert(fc.property(
    JSON_TEXT,
    fc.constantFrom("\n  ", " ", "\r\n\t"),
    fc.boolean(),
    fc.func(fc.boolean()),
    fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,4}$/), { maxLength: 3 }),
    (members, gap, hasComma, isGone, added) => {
      const entries = Object.entries(members);
      const body = entries.map(([key, value]) => `${gap}${JSON.stringify(key)}: ${value}`).join(
        ",",
      );
      const end = gap === " " ? " " : gap.trimEnd() === "" ? gap.replace(/[ \t]+$/, "") : "";
      const text = `{${body}${hasComma && entries.length > 0 ? "," : ""}${end}}`;
      const object = readJsonObject(text, "f");
      const gone = object.members!.filter(({ key }) => isGone(key));
      const edits = changeMembers(text, object, gone, added.map((key) => [key, "true"]));
      const after = readJsonObject(applyEdits(text, edits), "f");
      const kept = entries.map(([key]) => key).filter((key) => !isGone(key));
      assert.deepEqual(after.members!.map(({ key }) => key), [...kept, ...added]);
      if (gone.length === 0 && added.length > 0 && entries.length > 0) {
        assert.ok(onlyAdds(edits));
      }
    },
  ));
});
