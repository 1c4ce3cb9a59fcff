/**
 * A module repo in a temporary folder, for tests: one module, with all its files, that works.
 *
 * Thread rules: one per test; dispose it, and nothing is left.
 */

import { fileURLToPath } from "node:url";
import { kitImports } from "../kit/mod.ts";

const TEMPLATE = fileURLToPath(new URL("../../chimods/MOD_NAME", import.meta.url));

/** The module's own test: it starts a node and calls the module. */
const TEST = `import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/test";
import { Client } from "./echo_client.ts";

const LOCAL = DomainQuery.getLocalId();
const REPO = new URL("..", import.meta.url);

Deno.test("echo: a pool is made, and found again by its name", async () => {
  await using started = await startNode({ repos: [REPO] });
  const first = new Client(started.session);
  await first.create(LOCAL, LOCAL, "pool");
  const second = new Client(started.session);
  await second.create(LOCAL, LOCAL, "pool");
  assert.equal(second.poolId, first.poolId);
});
`;

/** The options that a new repo has. */
const CONFIG = {
  exclude: [".chimaera"],
  permissions: { default: { all: true } },
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
  },
};

const OWN_NAMES = {
  "example/echo_client": "./echo/echo_client.ts",
  "example/echo_tasks": "./echo/echo_tasks.ts",
};

/** A repo `example` with the module `echo`. */
export class ScratchRepo implements Disposable {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "chimaera repo " });

  /** @param imports Of the repo's `deno.json`, besides those that refresh would put there. */
  constructor(imports: Readonly<Record<string, string>> = {}) {
    const names = { ...kitImports(), ...OWN_NAMES, ...imports };
    this.write("chimaera_repo.yaml", "namespace: example\nlayout: 1\n");
    this.write("deno.json", JSON.stringify({ ...CONFIG, imports: names }, null, 2));
    for (const { name } of Deno.readDirSync(TEMPLATE)) {
      const text = Deno.readTextFileSync(`${TEMPLATE}/${name}`)
        .replaceAll("chimaera_MOD_NAME", "example_echo")
        .replaceAll("MOD_NAME", "echo");
      this.write(`echo/${name.replace("MOD_NAME", "echo")}`, text);
    }
    this.write("echo/echo_test.ts", TEST);
  }

  /** Writes a file, and the folders it is in. */
  write(path: string, text: string): void {
    const file = `${this.folder}/${path}`;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }

  /** Changes a file's text. Throws when it does not have the text that is to be changed. */
  edit(path: string, from: string, to: string): void {
    const text = Deno.readTextFileSync(`${this.folder}/${path}`);
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    this.write(path, text.replace(from, to));
  }

  /** Where the last such text of a file stands: `echo/echo_test.ts:12:3`. */
  place(path: string, text: string): string {
    const before = Deno.readTextFileSync(`${this.folder}/${path}`).split(text).slice(0, -1);
    if (before.length === 0) throw new Error(`${path} has no ${text}`);
    const lines = before.join(text).split("\n");
    return `${path}:${lines.length}:${lines.at(-1)!.length + 1}`;
  }

  /** Puts a type error into the module; where it is. */
  breakType(): string {
    const path = "echo/echo_runtime.ts";
    this.edit(path, "task.prio, 0)", 'task.prio, "0")');
    return this.place(path, '"0"');
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
