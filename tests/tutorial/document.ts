/**
 * A document that is performed: its commands are run, its code is written into files, in the order
 * in which they stand.
 *
 *     ```console                     $ COMMAND, and what it prints; `…` stands for anything; `&` leaves it
 *                                    running, and `wait %2` waits for the end of the second such
 *     ```yaml FILE                   a whole file
 *     ```ts ignore FILE              blocks between CHI_BEGIN and CHI_END take the place of those in the
 *                                    file; code without such is the whole file; `js FILE` too
 *     ```ts ignore FILE imports      lines that are put above the file's first import
 *
 * Thread rules: plain functions.
 */

/** Something to do. */
export type Step =
  | { readonly kind: "run"; readonly line: number; readonly command: string; readonly said: string }
  | { readonly kind: "write"; readonly line: number; readonly file: string; readonly text: string }
  | {
    readonly kind: "imports";
    readonly line: number;
    readonly file: string;
    readonly text: string;
  };

const FENCE = /^```(\w+)(?: (.*))?$/;

/** The steps of a document. */
export function stepsOf(document: string): Step[] {
  const lines = document.split("\n");
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]!);
    if (fence === null) continue;
    const end = lines.indexOf("```", at + 1);
    const body = lines.slice(at + 1, end);
    const [, language, info = ""] = fence;
    if (language === "console") steps.push(...commandsOf(body, at + 2));
    else steps.push(...fileStep(info, body, at + 2));
    at = end;
  }
  return steps;
}

function commandsOf(body: readonly string[], firstLine: number): Step[] {
  const steps: { kind: "run"; line: number; command: string; said: string }[] = [];
  body.forEach((text, k) => {
    if (text.startsWith("$ ")) {
      steps.push({ kind: "run", line: firstLine + k, command: text.slice(2), said: "" });
    } else steps.at(-1)!.said += `${text}\n`;
  });
  return steps;
}

function fileStep(info: string, body: readonly string[], line: number): Step[] {
  const words = info.split(" ").filter((word) => word !== "ignore" && word !== "");
  const [file, role] = words;
  if (file === undefined) return [];
  return [{
    kind: role === "imports" ? "imports" : "write",
    line,
    file,
    text: `${body.join("\n")}\n`,
  }];
}

/** The pattern of what a command prints. */
export function patternOf(said: string): RegExp {
  if (said === "") return /^$/;
  const lines = said.replace(/\n$/, "").split("\n").map((line) =>
    // A line of its own stands for any number of lines, or none.
    line === "…" ? "(?:.*\\n)*?" : line.split("…").map(RegExp.escape).join(".*") + "\\n"
  );
  return new RegExp(`^${lines.join("")}$`);
}

const BLOCK = /^[ \t]*\/\/ CHI_BEGIN\((\w+)\)\n[\s\S]*?^[ \t]*\/\/ CHI_END\(\1\)\n/gm;

/** A file's text with the document's blocks in the place of its own. Throws for one it has not. */
export function withBlocks(text: string, blocks: string): string {
  let result = text;
  for (const [block, name] of blocks.matchAll(BLOCK)) {
    const own = [...result.matchAll(BLOCK)].find((match) => match[1] === name);
    if (own === undefined) throw new Error(`there is no block ${name}`);
    result = result.replace(own[0], () => block);
  }
  return result;
}

/** Whether code is blocks of a file, and not the whole of it. */
export function hasBlocks(text: string): boolean {
  return text.search(BLOCK) === 0;
}

/** A file's text with lines above its first import. */
export function withImports(text: string, lines: string): string {
  const at = text.search(/^import /m);
  return text.slice(0, at) + lines + text.slice(at);
}
