/**
 * Where a command's bytes go: a new file that appears whole or not at all, standard output, or a
 * device that is there already.
 *
 *     output folder:  .chimaera-1f3a9c2e.part  ── write, sync ──▶  rename ──▶  output
 *
 * Thread rules: the main isolate; one write at a time.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { fileError } from "./file_errors.ts";
import { makePartFile, type PartFile } from "./part_file.ts";
import type { FileIdentity, Source } from "./source.ts";

/** The reader of standard output has gone: there is nobody to tell. */
export class ReaderGone extends Error {}

export interface Sink {
  /** For messages. */
  readonly name: string;
  bytesWritten: number;
  /** Writes all of `view`. Throws CHI-1105 for a full disk. */
  write(view: Uint8Array): Promise<void>;
  /** Makes what was written last, under its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind. Harmless after {@linkcode Sink.finish}. */
  discard(): void;
}

/** What a sink is opened with. */
export interface SinkOptions {
  /** What is about to be written: `compress a.bin`. */
  readonly verb: string;
  readonly source: Source;
  /** Replace a file that exists. */
  readonly force: boolean;
}

/** Opens the output: a file, or standard output for `-`. Throws CHI-1102 to CHI-1107. */
export async function openSink(path: string, options: SinkOptions): Promise<Sink> {
  if (path === "-") return new StreamSink("standard output", Deno.stdout);
  const what = `write ${path}`;
  try {
    const info = await statOf(path);
    if (info === null) return FileSink.create(path, path, options);
    if (info.isDirectory) {
      const hint = "name a file in it with -o";
      throw new ChimaeraError("fileIsDirectory", { what, why: "it is a folder", hint });
    }
    if (isSame(options.source.identity, info)) {
      throw new ChimaeraError("sameFile", { what, why: "it is the input" });
    }
    if (!info.isFile) return new StreamSink(path, await Deno.open(path, { write: true }));
    if (!options.force) {
      throw new ChimaeraError("fileExists", { what, why: "it exists already" });
    }
    // Through a link, the file that it leads to is the one to replace.
    return FileSink.create(path, await Deno.realPath(path), options);
  } catch (thrown) {
    throw fileError(what, thrown);
  }
}

async function statOf(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}

function isSame(input: FileIdentity | null, output: Deno.FileInfo): boolean {
  return input !== null && input.inode !== null && input.device === output.dev &&
    input.inode === output.ino;
}

async function writeAll(
  file: Pick<Deno.FsFile, "write">,
  view: Uint8Array,
): Promise<void> {
  for (let at = 0; at < view.length;) at += await file.write(view.subarray(at));
}

/** A file under another name in the same folder, until it is whole. */
class FileSink implements Sink {
  readonly name: string;
  bytesWritten = 0;
  readonly #path: string;
  readonly #partPath: string;
  readonly #file: Deno.FsFile;
  readonly #mode: number;
  readonly #force: boolean;
  #open = true;

  private constructor(name: string, path: string, part: PartFile, options: SinkOptions) {
    this.name = name;
    this.#path = path;
    this.#partPath = part.path;
    this.#file = part.file;
    this.#mode = options.source.mode ?? 0o666 & ~Deno.umask();
    this.#force = options.force;
  }

  static create(name: string, path: string, options: SinkOptions): FileSink {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    return new FileSink(name, path, makePartFile(folder), options);
  }

  async write(view: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, view);
    } catch (thrown) {
      throw fileError(`write ${this.name}`, thrown);
    }
    this.bytesWritten += view.length;
  }

  async finish(): Promise<void> {
    try {
      await Deno.chmod(this.#partPath, this.#mode);
      await this.#file.sync();
      await this.#appear();
      this.#open = false;
      this.#file.close(); // With its lock, without which it would look left behind.
    } catch (thrown) {
      throw fileError(`write ${this.name}`, thrown);
    }
  }

  /** Without --force, a file that came in the meantime stays. */
  async #appear(): Promise<void> {
    if (!this.#force && await this.#link()) Deno.removeSync(this.#partPath);
    else await Deno.rename(this.#partPath, this.#path);
  }

  /** A second name fails where the first is taken; not every file system has them. */
  async #link(): Promise<boolean> {
    try {
      await Deno.link(this.#partPath, this.#path);
      return true;
    } catch (thrown) {
      if (thrown instanceof Deno.errors.AlreadyExists) throw thrown;
      return false;
    }
  }

  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    Deno.removeSync(this.#partPath);
  }
}

/** Standard output, or a device: bytes go out as they come. */
class StreamSink implements Sink {
  readonly name: string;
  bytesWritten = 0;
  readonly #file: Pick<Deno.FsFile, "write">;

  constructor(name: string, file: Pick<Deno.FsFile, "write">) {
    this.name = name;
    this.#file = file;
  }

  async write(view: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, view);
    } catch (thrown) {
      if (thrown instanceof Deno.errors.BrokenPipe) throw new ReaderGone();
      throw fileError(`write ${this.name}`, thrown);
    }
    this.bytesWritten += view.length;
  }

  async finish(): Promise<void> {}

  discard(): void {}
}
