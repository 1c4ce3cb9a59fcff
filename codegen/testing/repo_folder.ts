/**
 * A module repo in a temporary folder, for tests.
 *
 * Thread rules: one per test; dispose it, and nothing is left.
 */

import { newModule, newRepo, planRefresh, type RefreshPlan, writeRefresh } from "../mod.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** A repo that is gone with the test. */
export class RepoFolder {
  readonly path = `${Deno.makeTempDirSync({ prefix: "chimaera-repo-" })}/my_mods`;

  /** A repo with one new module. */
  static async withModule(name = "compressor", namespace = "example"): Promise<RepoFolder> {
    const folder = new RepoFolder();
    await newRepo(folder.path, namespace);
    await newModule(folder.path, name);
    return folder;
  }

  /** A file's text. */
  read(file: string): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      Deno.readFileSync(`${this.path}/${file}`),
    );
  }

  /** Whether there is such a file or folder. */
  has(file: string): boolean {
    try {
      return Deno.statSync(`${this.path}/${file}`) !== null;
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return false;
      throw thrown;
    }
  }

  write(file: string, text: string): void {
    Deno.mkdirSync(`${this.path}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${this.path}/${file}`, text);
  }

  /** Writes what `change` makes of a file. Throws when that is what it is. */
  edit(file: string, change: (text: string) => string): void {
    const before = this.read(file);
    const after = change(before);
    if (after === before) throw new Error(`${file} would not change`);
    this.write(file, after);
  }

  /** Has a module declare these methods besides kCreate: `kMd: 10`. */
  declare(lines: readonly string[], module = "compressor"): void {
    this.write(`${module}/${module}_methods.yaml`, ["kCreate: 0", ...lines, ""].join("\n"));
  }

  plan(options?: { prune?: boolean }): Promise<RefreshPlan> {
    return planRefresh(this.path, options);
  }

  /** Refreshes; returns the plan that was written. */
  async refresh(options?: { prune?: boolean }): Promise<RefreshPlan> {
    const plan = await this.plan(options);
    await writeRefresh(plan);
    return plan;
  }

  /** What is wrong in the repo, as a person reads it. */
  async problems(): Promise<string[]> {
    return (await this.plan()).problems.map(({ message }) => message);
  }

  /** Every file's text, by name. */
  texts(under = ""): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const { name, isDirectory } of Deno.readDirSync(`${this.path}/${under}`)) {
      if (isDirectory) Object.assign(texts, this.texts(`${under}${name}/`));
      else texts[under + name] = this.read(under + name);
    }
    return texts;
  }

  /** Runs a command of Deno on the repo, with the project's own names; returns what it said. */
  async deno(...words: string[]): Promise<{ code: number; output: string }> {
    const [command, ...rest] = words as [string, ...string[]];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [command, ...rest],
      cwd: this.path,
      env: { NO_COLOR: "1" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, output: text(stdout) + text(stderr) };
  }

  /** The settings in which `chimaera` is the project's own. */
  static readonly config = `${ROOT}deno.json`;

  [Symbol.dispose](): void {
    Deno.removeSync(this.path.replace(/\/[^/]*$/, ""), { recursive: true });
  }
}
