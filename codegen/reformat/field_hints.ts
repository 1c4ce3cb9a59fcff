/**
 * The fields of C++ task structs, as remarks in the TypeScript tasks: their kinds are for a person
 * to choose, and what they were need not be looked up.
 *
 *   IN hipc::Pointer data_;      →      // In C++: IN hipc::Pointer data_;
 *
 * Thread rules: none; pure functions.
 */

import { blockName } from "../../runtime/repo/mod.ts";

const FIELD = /^\s*((?:IN|OUT|INOUT)\s+[^();{}]+;)/gm;
const MARK = /^([ \t]*)\/\/ CHI_BEGIN\((\w+)\)[ \t]*$/gm;

/** The declared fields of a method's task; none where the header has no such struct. */
function fieldsOf(header: string, block: string): string[] {
  const name = block === "Create" ? "CreateTaskParams" : `${block}Task`;
  const start = new RegExp(`\\bstruct\\s+${name}\\b[^;{]*\\{`).exec(header);
  if (start === null) return [];
  const body = header.slice(start.index + start[0].length);
  // A struct of the template's form ends in the first column.
  const end = /^\};/m.exec(body);
  return [...body.slice(0, end?.index ?? 0).matchAll(FIELD)]
    .map(([, field]) => field!.replace(/\s+/g, " "));
}

/** The tasks of a fresh module with the fields of the C++ header in them. */
export function withFieldHints(
  tasks: string,
  header: string,
  methods: readonly { readonly name: string }[],
): string {
  const blocks = new Set(methods.map(({ name }) => blockName(name)));
  return tasks.replace(MARK, (mark: string, indent: string, block: string) => {
    const fields = blocks.has(block) ? fieldsOf(header, block) : [];
    return [mark, ...fields.map((field) => `${indent}// In C++: ${field}`)].join("\n");
  });
}
