/** A program outside of a repo, in a project of its own, after `chimaera repo link`. */

import assert from "node:assert/strict";
import { BuiltProgram } from "../executable/built_program.ts";
import { test } from "../permission.ts";
import { NodeProcess } from "../system/kit/node_process.ts";
import { RuntimeFolder } from "../system/kit/runtime_folder.ts";
import { ROOT } from "../house/source_tree.ts";

const REPO = `${ROOT}/tests/system/modules`;

const PROGRAM = `
import { connect, DomainQuery, ModuleClient, Task } from "chimaera";
import { Client } from "tests/faulty_client";
import { Client as Messages } from "chimaera/small_message_client";
import { MdTask } from "chimaera/small_message_tasks";

await using session = await connect();
const here = DomainQuery.getLocalId();
const client = new Client(session);
await client.create(here, here, "linked");
const value: number = await client.ok(here, 6);
const messages = new Messages(session);
console.log(JSON.stringify({
  value,
  oneSdk: client instanceof ModuleClient && messages instanceof ModuleClient &&
    MdTask.prototype instanceof Task,
}));
`;

class Project {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chi" }));

  constructor() {
    Deno.writeTextFileSync(`${this.folder}/main.ts`, PROGRAM);
  }

  /** The executable's kit knows its types by itself; that of a checkout leads to all its sources. */
  async link(): Promise<void> {
    const program = await BuiltProgram.get();
    const { code, stderr } = await program.run(["repo", "link", this.folder, "--repo", REPO]);
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
    Deno.removeSync(this.folder, { recursive: true });
  }
}

test("repo link: a project checks its types and calls the repo's modules", async () => {
  using runtime = new RuntimeFolder();
  using project = new Project();
  await project.link();
  const checked = await project.deno(["check", "main.ts"]);
  assert(checked.success, checked.errors);
  await using node = await NodeProcess.start({ workers: 1 }, { env: runtime.env });
  const ran = await project.deno(["run", "-A", "main.ts"], runtime.env);
  assert(ran.success, ran.errors);
  assert.deepEqual(JSON.parse(ran.out), { value: 7, oneSdk: true });
  await node.stop();
});

test("repo link: a wrong use of a repo's client is a type error in the project", async () => {
  using project = new Project();
  await project.link();
  const wrong = PROGRAM.replace("client.ok(here, 6)", 'client.ok(here, "6")');
  Deno.writeTextFileSync(`${project.folder}/main.ts`, wrong);
  const checked = await project.deno(["check", "main.ts"]);
  assert(!checked.success);
  assert.match(checked.errors, /not assignable to parameter of type 'number'/);
});
