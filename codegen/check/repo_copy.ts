/**
 * A copy of a repo in which every import leads to a file without an import map, since the one of
 * the program knows no module of a user: `example/echo_client` becomes `../echo/echo_client.ts`.
 * Lines stay where they are.
 *
 *   <work>/repo      the copy: folders with a dot and node_modules are left out
 *   <work>/run       where nodes of the tests have their instances
 *
 * Thread rules: one process uses a copy; dispose it, and nothing is left.
 */

import { pathToFileURL } from "node:url";
import { ChimaeraError } from "../../runtime/errors.ts";
import {
  makeFolder,
  makePrivateFolder,
  readBytes,
  readText,
  removeAll,
  writeBytes,
} from "../../runtime/platform/mod.ts";
import { importsOf, type ModuleRepo, namedModule } from "../../runtime/repo/mod.ts";
import { repoFiles } from "../files_below.ts";

/** A path or URL, without a mark that ends it in a sentence: `…/echo_runtime.ts:12:3: …`. */
const PLACE = /(?:file:\/\/)?\/[^\s()'"]*[^\s()'":;,.]/g;

export class RepoCopy implements Disposable {
  readonly #repo: ModuleRepo;
  readonly #work: string;

  private constructor(repo: ModuleRepo, work: string) {
    this.#repo = repo;
    this.#work = work;
  }

  /** Copies a repo. */
  static async of(repo: ModuleRepo): Promise<RepoCopy> {
    const copy = new RepoCopy(repo, Deno.makeTempDirSync({ prefix: "chimaera-check-" }));
    try {
      makePrivateFolder(copy.runtimeFolder);
      for (const path of repoFiles(repo)) await copy.#add(path);
      return copy;
    } catch (thrown) {
      copy[Symbol.dispose]();
      throw thrown;
    }
  }

  get folder(): string {
    return `${this.#work}/repo`;
  }

  get runtimeFolder(): string {
    return `${this.#work}/run`;
  }

  async #add(path: string): Promise<void> {
    const source = `${this.#repo.folder}/${path}`;
    const target = `${this.folder}/${path}`;
    makeFolder(target.slice(0, target.lastIndexOf("/")));
    if (!/\.[jt]s$/.test(path)) return writeBytes(target, readBytes(source));
    const text = readText(source) ?? "";
    writeBytes(target, new TextEncoder().encode(await this.#linked(path, text)));
  }

  /** A text whose imports of modules by name are imports of files. */
  async #linked(path: string, text: string): Promise<string> {
    let imports;
    try {
      imports = await importsOf(text, path);
    } catch (thrown) {
      // Whoever imports the file is told better what is wrong with it.
      if (thrown instanceof ChimaeraError && thrown.kind === "moduleLoad") return text;
      throw thrown;
    }
    let linked = "";
    let done = 0;
    for (const { specifier, start, end } of imports) {
      const file = specifier === null ? null : this.#fileOf(specifier);
      if (file === null) continue;
      const up = "../".repeat(path.split("/").length - 1) || "./";
      const written = text.slice(start, end);
      linked += text.slice(done, start) + written.replace(specifier!, `${up}${file}`);
      done = end;
    }
    return linked + text.slice(done);
  }

  #fileOf(specifier: string): string | null {
    const named = namedModule(specifier);
    if (named === null || named.namespace !== this.#repo.namespace) return null;
    const isHere = this.#repo.modules.some(({ name }) => name === named.module);
    return isHere ? `${named.module}/${named.file}.ts` : null;
  }

  /** A text in which places in the copy are places in the repo, relative to its folder. */
  mapped(text: string): string {
    const url = `${pathToFileURL(this.folder).href}/`;
    const path = `${this.folder}/`;
    return text
      .replace(PLACE, (place) => {
        if (place.startsWith(url)) return place.slice(url.length);
        const isPlace = place.startsWith(path) && /:\d+$/.test(place);
        return isPlace ? place.slice(path.length) : place;
      })
      .replaceAll(this.folder, this.#repo.folder);
  }

  [Symbol.dispose](): void {
    removeAll(this.#work);
  }
}
