/**
 * Where a command's bytes come from: a file, or standard input.
 *
 * Thread rules: the main isolate; one read at a time.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { fileError } from "./file_errors.ts";

/** Which file this is, whatever its name: two names of one file are equal here. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number | null;
}

export class Source implements Disposable {
  /** For messages: the path as given, or `standard input`. */
  readonly name: string;
  /** Bytes in all; null where that is not known. */
  readonly sizeBytes: number | null;
  /** Permission bits of the file; null for what is none, such as standard input or a device. */
  readonly mode: number | null;
  readonly identity: FileIdentity | null;
  readonly #what: string;
  readonly #file: Pick<Deno.FsFile, "read" | "close">;
  /** Bytes that were read so far. */
  bytesRead = 0;

  private constructor(
    what: string,
    name: string,
    file: Pick<Deno.FsFile, "read" | "close">,
    info: Deno.FileInfo | null,
  ) {
    this.#what = what;
    this.name = name;
    this.#file = file;
    this.sizeBytes = info?.isFile === true ? info.size : null;
    this.mode = info?.isFile === true && info.mode !== null ? info.mode & 0o777 : null;
    this.identity = info === null ? null : { device: info.dev, inode: info.ino };
  }

  /**
   * Opens a file, or standard input for `-`. Throws CHI-1101 to CHI-1106.
   *
   * @param verb What is about to be done with it: `compress`.
   */
  static async open(verb: string, path: string): Promise<Source> {
    if (path === "-") {
      return new Source(`${verb} standard input`, "standard input", Deno.stdin, null);
    }
    const what = `${verb} ${path}`;
    let file: Deno.FsFile | null = null;
    try {
      file = await Deno.open(path);
      const info = await file.stat();
      if (info.isDirectory) {
        throw new ChimaeraError("fileIsDirectory", { what, why: "it is a folder" });
      }
      return new Source(what, path, file, info);
    } catch (thrown) {
      file?.close();
      throw fileError(what, thrown);
    }
  }

  /** Fills `view` from its start, short only at the end of the source. Returns the bytes read. */
  async fill(view: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < view.length) {
      const count = await this.#read(view.subarray(filled));
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  async #read(view: Uint8Array): Promise<number> {
    try {
      const count = await this.#file.read(view) ?? 0;
      this.bytesRead += count;
      return count;
    } catch (thrown) {
      throw fileError(this.#what, thrown);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
