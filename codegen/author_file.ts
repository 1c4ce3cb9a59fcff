/**
 * Plans what refresh does to a file of a module's author.
 *
 * A method's block is put behind that of the method before it, by number; where no such block is,
 * before CHI_AUTOGEN_METHODS; where there is none either, nowhere. The only text that is changed is
 * the library's name, which is generated. What is taken out with `--prune` is what stands between
 * the marks of methods that are not on; that is planned for the text as refresh leaves it.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { blockName, handlerName, libNameOf, moduleFiles } from "../runtime/repo/mod.ts";
import { FileImports } from "./file_imports.ts";
import { type Block, findMarks, type Marks } from "./marks.ts";
import type { Method } from "./method_model.ts";
import { type BlockPlace, hasBlock, printBlock, type Role } from "./print_blocks.ts";
import { HOUSE_LAYOUT, type Layout } from "./printer.ts";
import {
  indentOf,
  insertion,
  lineAbove,
  lineEndAt,
  lineEndLength,
  type TextEdit,
  type TextLine,
} from "./text_edit.ts";
import { plainTokens } from "./tokens.ts";

/** A file of a module, and what it is to agree with. */
export interface AuthorFile {
  readonly role: Role;
  readonly namespace: string;
  readonly module: string;
  /** Those that are on, by number. */
  readonly methods: readonly Method[];
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/** A block whose method is not on. */
export interface UnusedBlock {
  /** As messages name it. */
  readonly file: string;
  /** As in its marks: `Compress`. */
  readonly block: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** What is to be done to a file. */
export interface AuthorPlan {
  readonly edits: readonly TextEdit[];
  readonly unused: readonly UnusedBlock[];
  /** Methods for whose blocks the file has no place. */
  readonly homeless: readonly Method[];
  /** The namespace that the library's name had; null when it is right. */
  readonly oldNamespace: string | null;
  readonly problems: readonly ChimaeraError[];
}

/** The plan for a file: all but what `--prune` takes out. */
export async function planAuthorFile(source: AuthorFile): Promise<AuthorPlan> {
  const { text, file, methods, role } = source;
  const marks = findMarks(text, file);
  if (marks.problems.length > 0) return failed(marks.problems);
  const unused = unusedBlocks(source, marks);
  const missing = new Set(
    methods.filter((method) =>
      hasBlock(role, method) && !marks.blocks.has(blockName(method.name)) &&
      !isDeclared(source, method)
    ),
  );
  const edits: TextEdit[] = [];
  const name = role === "tasks" ? planLibName(source) : NAME_IS_RIGHT;
  if (name instanceof ChimaeraError) return failed([name]);
  if (name.edit !== null) edits.push(name.edit);
  const homeless: Method[] = [];
  if (missing.size > 0) {
    const imports = await importsOf(source, unused);
    if (imports instanceof ChimaeraError) return failed([imports]);
    homeless.push(...insertBlocks(source, marks, missing, imports, edits));
    edits.push(...imports.edits);
  }
  return {
    edits,
    unused: unused.map(({ name, begin, end }) => {
      return { file, block: name, firstLine: begin.number, lastLine: end.number };
    }),
    homeless,
    oldNamespace: name.oldNamespace,
    problems: [],
  };
}

/**
 * What `--prune` takes out of a file that refresh has brought up to date. Doing one after the other
 * is what keeps them apart: both change the same lists of imported names.
 */
export async function planPruning(source: AuthorFile): Promise<TextEdit[] | ChimaeraError> {
  const unused = unusedBlocks(source, findMarks(source.text, source.file));
  if (unused.length === 0) return [];
  const imports = await importsOf(source, unused);
  return imports instanceof ChimaeraError ? imports : removeBlocks(source, unused, imports);
}

function unusedBlocks({ methods }: AuthorFile, marks: Marks): Block[] {
  const on = new Set(methods.map(({ name }) => blockName(name)));
  return [...marks.blocks.values()].filter(({ name }) => !on.has(name));
}

async function importsOf(
  { text, file }: AuthorFile,
  unused: readonly Block[],
): Promise<FileImports | ChimaeraError> {
  try {
    const places = unused.map(({ begin, end }) => ({ start: begin.start, end: end.end }));
    return await FileImports.of(text, file, places);
  } catch (thrown) {
    return unreadable(file, thrown);
  }
}

function failed(problems: readonly ChimaeraError[]): AuthorPlan {
  return { edits: [], unused: [], homeless: [], oldNamespace: null, problems };
}

function unreadable(file: string, thrown: unknown): ChimaeraError {
  const isOurs = thrown instanceof ChimaeraError;
  const what = isOurs ? thrown.what : file;
  const why = isOurs ? thrown.why : String(thrown);
  return new ChimaeraError("badModuleFile", { what, why, cause: thrown });
}

// ---- blocks -------------------------------------------------------------------------------------

/** Plans the blocks of methods that have none; returns those for which there is no place. */
function insertBlocks(
  source: AuthorFile,
  marks: Marks,
  missing: ReadonlySet<Method>,
  imports: FileImports,
  edits: TextEdit[],
): readonly Method[] {
  const { text, methods } = source;
  const homeless: Method[] = [];
  const beforeAutogen: string[] = [];
  let neighbour: TextLine | null = null;
  for (const method of methods) {
    neighbour = marks.blocks.get(blockName(method.name))?.end ?? neighbour;
    if (!missing.has(method)) continue;
    const line = neighbour ?? marks.autogen;
    if (line === null) {
      homeless.push(method);
      continue;
    }
    const eol = lineEndAt(text, line.end);
    const block = printBlock(source.role, method, placeIn(source, line, imports)).join(eol);
    if (neighbour === null) beforeAutogen.push(block + eol);
    else edits.push(insertion(neighbour.end, eol + eol + block));
  }
  if (beforeAutogen.length > 0) {
    const line = marks.autogen!;
    const eol = lineEndAt(text, line.end);
    const gap = needsGap(text, line) ? eol : "";
    edits.push(insertion(line.start, gap + beforeAutogen.join(eol)));
  }
  return homeless;
}

/** Whether something stands right above a line that is not the beginning of what it belongs to. */
function needsGap(text: string, line: TextLine): boolean {
  const above = lineAbove(text, line);
  if (above === null) return false;
  const words = text.slice(above.start, above.end).trim();
  return words !== "" && !words.endsWith("{");
}

function placeIn(source: AuthorFile, line: TextLine, imports: FileImports): BlockPlace {
  return {
    module: source.module,
    layout: layoutOf(source.text, line),
    name: (specifier, exported, use) => imports.name(specifier, exported, use),
  };
}

/** How the author indents, as far as a line and the file show it. */
function layoutOf(text: string, line: TextLine): Layout {
  const indent = indentOf(text, line);
  const sample = indent !== "" ? indent : /^(?:\t| +(?=[^\s*]))/m.exec(text)?.[0] ?? "";
  if (sample.includes("\t")) return { indent, unit: "\t" };
  return { indent, unit: sample.length === 4 ? "    " : HOUSE_LAYOUT.unit };
}

/** Takes blocks out, with the blank line above each, and what only their tasks were imported for. */
function removeBlocks(
  source: AuthorFile,
  unused: readonly Block[],
  imports: FileImports,
): TextEdit[] {
  const { text } = source;
  const edits = unused.map(({ begin, end }): TextEdit => {
    const above = lineAbove(text, begin);
    const isBlank = above !== null && text.slice(above.start, above.end).trim() === "";
    const last = isBlank ? lineAbove(text, above) : null;
    if (last !== null) return { start: last.end, end: end.end, text: "" };
    return { start: begin.start, end: end.end + lineEndLength(text, end.end), text: "" };
  });
  if (source.role === "tasks") return edits;
  const tasks = unused.map(({ name }) => `${name}Task`);
  return [...edits, ...imports.removal(`./${moduleFiles(source.module).tasks}`, tasks)];
}

// ---- what stands outside of blocks --------------------------------------------------------------

/** Whether the author has declared what a block would, without marks around it. */
function isDeclared({ text, role }: AuthorFile, { name }: Method): boolean {
  const block = blockName(name);
  const word = {
    tasks: `${block}Task`,
    client: `async${block}`,
    runtime: name === "kUpgrade" ? handlerName(name) : `monitor${block}`,
  }[role];
  if (!text.includes(word)) return false;
  const tokens = plainTokens(text);
  return tokens.some(({ text: token }, at) => {
    if (token !== word) return false;
    const [before, after] = [tokens[at - 1]?.text ?? "", tokens[at + 1]?.text ?? ""];
    if (role === "tasks") return /^(?:class|const|as)$/.test(before);
    return !/\.$/.test(before) && /^[=(:<]$/.test(after);
  });
}

interface NamePlan {
  readonly edit: TextEdit | null;
  readonly oldNamespace: string | null;
}

const NAME_IS_RIGHT: NamePlan = { edit: null, oldNamespace: null };
const LIB_NAME = /^(export const libName\s*=\s*)(["'])([^"'\r\n]*)\2/m;

/** Has `libName` be what namespace and module make. */
function planLibName(source: AuthorFile): NamePlan | ChimaeraError {
  const { text, file, namespace, module } = source;
  const right = libNameOf(namespace, module);
  const match = LIB_NAME.exec(text);
  if (match === null) {
    return new ChimaeraError("badModuleFile", {
      what: file,
      why: "it does not export the library's name",
      hint: `add the line: export const libName = "${right}";`,
    });
  }
  const [, head, , name] = match as unknown as [string, string, string, string];
  if (name === right) return NAME_IS_RIGHT;
  const start = match.index + head.length + 1;
  const suffix = `_${module}`;
  return {
    edit: { start, end: start + name.length, text: right },
    oldNamespace: name.endsWith(suffix) ? name.slice(0, -suffix.length) : null,
  };
}
