/**
 * What is to be written: for each file its text as it is, and as planned so far. Nothing is
 * written before all of a plan is known to be well.
 *
 * Thread rules: one plan's.
 */

import { createTwoFilesPatch } from "diff";
import { ChimaeraError } from "../runtime/errors.ts";
import { makeFolder, readExactText, writeText } from "../runtime/platform/mod.ts";
import { applyEdits, type TextEdit } from "./text_edit.ts";

/** A file that a plan changes. */
export interface FileChange {
  /** Relative to the repo's folder. */
  readonly file: string;
  /** Null where there is none yet. */
  readonly before: string | null;
  readonly after: string;
}

interface Draft {
  readonly before: string | null;
  after: string | null;
}

/** The files of one folder, as a plan wants them. */
export class Drafts {
  readonly folder: string;
  readonly #drafts = new Map<string, Draft>();

  /** @param folder Absolute; files are named relative to it. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** A file's text as planned so far; null when there is none. Throws CHI-1309 for no UTF-8. */
  read(file: string): string | null {
    return this.#draft(file).after;
  }

  /** As `read`; null too for what is no text in UTF-8. */
  readIfText(file: string): string | null {
    try {
      return this.read(file);
    } catch (thrown) {
      if (thrown instanceof ChimaeraError && thrown.kind === "badModuleFile") return null;
      throw thrown;
    }
  }

  /** Changes places of the text that `read` gives; the next edits are of what comes of it. */
  edit(file: string, edits: readonly TextEdit[]): void {
    const draft = this.#draft(file);
    if (edits.length > 0) draft.after = applyEdits(draft.after ?? "", edits);
  }

  /** Has a file be this text, whatever it was. */
  replace(file: string, text: string): void {
    this.#draft(file).after = text;
  }

  /** Files that would not be what they are, by name. */
  get changes(): FileChange[] {
    const changes: FileChange[] = [];
    for (const [file, { before, after }] of this.#drafts) {
      if (after !== null && after !== before) changes.push({ file, before, after });
    }
    return changes.toSorted((a, b) => a.file < b.file ? -1 : 1);
  }

  #draft(file: string): Draft {
    let draft = this.#drafts.get(file);
    if (draft === undefined) {
      const text = this.#readFile(file);
      draft = { before: text, after: text };
      this.#drafts.set(file, draft);
    }
    return draft;
  }

  #readFile(file: string): string | null {
    try {
      return readExactText(`${this.folder}/${file}`);
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown;
      throw new ChimaeraError("badModuleFile", { what: file, why: "it is no text in UTF-8" });
    }
  }
}

/**
 * Writes files; folders are made. Throws CHI-1306, and writes none, when one of them is not what it
 * was when the plan was made: somebody has saved it since.
 */
export function writeChanges(folder: string, changes: readonly FileChange[]): void {
  for (const { file, before } of changes) {
    if (isText(`${folder}/${file}`, before)) continue;
    throw new ChimaeraError("repoNotWritten", {
      what: `${folder}/${file}`,
      why: "it has changed meanwhile",
      hint: "it was left as it is; run the command again",
    });
  }
  for (const { file, after } of changes) {
    const path = `${folder}/${file}`;
    makeFolder(path.slice(0, path.lastIndexOf("/")));
    writeText(path, after);
  }
}

/** Whether a file is a text, to the byte; null for one that is not there. */
function isText(path: string, text: string | null): boolean {
  try {
    return readExactText(path) === text;
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    return false;
  }
}

/** A change as a unified diff. */
export function diffOf({ file, before, after }: FileChange): string {
  const from = before === null ? "/dev/null" : `a/${file}`;
  const patch = createTwoFilesPatch(from, `b/${file}`, before ?? "", after, "", "", { context: 3 });
  return patch.replace(/^=+\n/, "").replace(/^(---|\+\+\+) (.*?)\t$/gm, "$1 $2");
}
