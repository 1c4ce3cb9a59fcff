/**
 * What is to be written: for each file its text as it is, and the edits planned so far. Nothing is
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
  readonly edits: TextEdit[];
  whole: string | null;
}

/** The files of one folder, as a plan wants them. */
export class Drafts {
  readonly folder: string;
  readonly #drafts = new Map<string, Draft>();

  /** @param folder Absolute; files are named relative to it. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** A file's text on disk, read once; null when there is none. Throws CHI-1309 for no UTF-8. */
  read(file: string): string | null {
    return this.#draft(file).before;
  }

  /** Changes places of a file that is there. */
  edit(file: string, edits: readonly TextEdit[]): void {
    this.#draft(file).edits.push(...edits);
  }

  /** Has a file be this text, whatever it was. */
  replace(file: string, text: string): void {
    this.#draft(file).whole = text;
  }

  /** Files that would not be what they are, by name. */
  get changes(): FileChange[] {
    const changes: FileChange[] = [];
    for (const [file, { before, edits, whole }] of this.#drafts) {
      const after = whole ?? (edits.length === 0 ? before : applyEdits(before ?? "", edits));
      if (after !== null && after !== before) changes.push({ file, before, after });
    }
    return changes.toSorted((a, b) => a.file < b.file ? -1 : 1);
  }

  #draft(file: string): Draft {
    let draft = this.#drafts.get(file);
    if (draft === undefined) {
      draft = { before: this.#readFile(file), edits: [], whole: null };
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

/** Writes files; folders are made. */
export function writeChanges(folder: string, changes: readonly FileChange[]): void {
  for (const { file, after } of changes) {
    const path = `${folder}/${file}`;
    makeFolder(path.slice(0, path.lastIndexOf("/")));
    writeText(path, after);
  }
}

/** A change as a unified diff. */
export function diffOf({ file, before, after }: FileChange): string {
  const from = before === null ? "/dev/null" : `a/${file}`;
  const patch = createTwoFilesPatch(from, `b/${file}`, before ?? "", after, "", "", { context: 3 });
  return patch.replace(/^=+\n/, "").replace(/^(---|\+\+\+) (.*?)\t$/gm, "$1 $2");
}
