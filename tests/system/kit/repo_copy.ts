/**
 * A module repo in a temporary folder, with copies of the modules of `tests/system/modules`, which a
 * test may edit. Clients of the originals can call the copies.
 *
 * Thread rules: one per test; dispose it, and nothing is left.
 */

import assert from "node:assert/strict";

const MODULES = new URL("../modules/", import.meta.url);

/** A module of `tests/system/modules`, or a copy of one under another name: `bolting=locking`. */
type ModuleName = string;

export class RepoCopy {
  readonly folder = Deno.makeTempDirSync({ prefix: "chimaera-repo-" });
  #touches = 0;

  constructor(...modules: readonly ModuleName[]) {
    Deno.writeTextFileSync(`${this.folder}/chimaera_repo.yaml`, "namespace: tests\nlayout: 1\n");
    for (const name of modules) this.#copy(name);
  }

  #copy(module: ModuleName): void {
    const [name, original] = [...module.split("="), module] as [string, string];
    const renamed = (text: string) => text.replaceAll(original, name);
    Deno.mkdirSync(`${this.folder}/${name}`);
    for (const { name: file } of Deno.readDirSync(new URL(`${original}/`, MODULES))) {
      const text = Deno.readTextFileSync(new URL(`${original}/${file}`, MODULES));
      Deno.writeTextFileSync(`${this.folder}/${name}/${renamed(file)}`, renamed(text));
    }
  }

  /** Path of a file of a module. */
  path(module: string, file: string): string {
    return `${this.folder}/${module}/${module}_${file}.ts`;
  }

  /** Changes a module's code, and nothing that it does. */
  touch(module: string): void {
    Deno.writeTextFileSync(this.path(module, "runtime"), `// ${++this.#touches}\n`, {
      append: true,
    });
  }

  /** Replaces text of one of a module's files. */
  edit(module: string, file: string, from: string, to: string): void {
    const path = this.path(module, file);
    const text = Deno.readTextFileSync(path);
    assert.ok(text.includes(from), `${path} has no ${from}`);
    Deno.writeTextFileSync(path, text.replace(from, () => to));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
