/** A program outside of a repo, in a project of its own, after `chimaera repo link`. */

import assert from "node:assert/strict";
import { BuiltProgram } from "../executable/built_program.ts";
import { test } from "../permission.ts";
import { RuntimeFolder } from "../system/kit/runtime_folder.ts";

/** A handler that the module of the repo gets, below what `mod new` writes. */
const METHODS = "# Custom Methods (start from 10)\nkAdd: 10\n";

const PROGRAM = `
import { connect, DomainQuery, ModuleClient, Task } from "chimaera";
import { Client } from "example/packer_client";
import { CreateTask } from "example/packer_tasks";
import { Client as Messages } from "chimaera/small_message_client";
import { MdTask } from "chimaera/small_message_tasks";

await using session = await connect();
const here = DomainQuery.getLocalId();
const client = new Client(session);
await client.create(here, here, "linked");
await client.add(here);
const messages = new Messages(session);
console.log(JSON.stringify([client, messages].every((one) => one instanceof ModuleClient) &&
  [CreateTask, MdTask].every((one) => one.prototype instanceof Task)));
`;

/** A program's project beside a repo that the executable has made. */
class Project {
  readonly #place = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chi" }));
  readonly folder = `${this.#place}/app`;
  readonly repo = `${this.#place}/mods`;

  constructor() {
    Deno.mkdirSync(this.folder);
    Deno.writeTextFileSync(`${this.folder}/main.ts`, PROGRAM);
  }

  /** The executable's kit knows its types by itself; that of a checkout leads to all its sources. */
  static async linked(): Promise<Project> {
    const project = new Project();
    const { repo, folder } = project;
    await project.chimaera(["repo", "new", repo, "example"]);
    await project.chimaera(["mod", "new", `${repo}/packer`]);
    const yaml = `${repo}/packer/packer_methods.yaml`;
    Deno.writeTextFileSync(yaml, `${Deno.readTextFileSync(yaml)}\n${METHODS}`);
    await project.chimaera(["repo", "refresh", repo]);
    await project.chimaera(["repo", "link", folder, "--repo", repo]);
    return project;
  }

  async chimaera(args: readonly string[]): Promise<void> {
    const program = await BuiltProgram.get();
    const { code, stderr } = await program.run(args);
    assert.equal(code, 0, stderr);
  }

  async deno(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const output = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.folder,
      env: { NO_COLOR: "1", ...env },
    }).output();
    const text = new TextDecoder();
    return {
      success: output.success,
      out: text.decode(output.stdout),
      errors: text.decode(output.stderr),
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#place, { recursive: true });
  }
}

/** A node of the executable with one repo, which has said that it serves. */
class Served implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #reading = Promise.resolve();

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(repo: string, env: Record<string, string>): Promise<Served> {
    const program = await BuiltProgram.get();
    const served = new Served(
      new Deno.Command(program.path, {
        args: ["serve", "--workers", "1", "--repo", repo],
        env: { ...program.environment, ...env },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
    const { promise: ready, resolve } = Promise.withResolvers<boolean>();
    served.#reading = (async () => {
      let said = "";
      for await (const chunk of served.#child.stdout) {
        said += new TextDecoder().decode(chunk);
        if (/^ready: /m.test(said)) resolve(true);
      }
      resolve(false);
    })();
    if (await ready) return served;
    await served[Symbol.asyncDispose]();
    throw new Error("the node ended before it was ready");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown; // It has ended by itself.
    }
    await this.#child.status;
    await this.#reading;
  }
}

test("repo link: a project checks its types and calls the repo's modules", async () => {
  using runtime = new RuntimeFolder();
  using project = await Project.linked();
  const checked = await project.deno(["check", "main.ts"]);
  assert(checked.success, checked.errors);
  await using _node = await Served.start(project.repo, runtime.env);
  const ran = await project.deno(["run", "-A", "main.ts"], runtime.env);
  assert(ran.success, ran.errors);
  assert.equal(ran.out, "true\n");
});

test("repo link: a wrong use of a repo's client is a type error in the project", async () => {
  using project = await Project.linked();
  const wrong = PROGRAM.replace("client.add(here)", "client.add(6)");
  Deno.writeTextFileSync(`${project.folder}/main.ts`, wrong);
  const checked = await project.deno(["check", "main.ts"]);
  assert(!checked.success);
  assert.match(checked.errors, /not assignable to parameter of type 'DomainQuery'/);
});
