/** Selftest's look at modules of repos: one is scaffolded, loaded, and upgraded while it has a pool. */

import { newModule, newRepo } from "../../codegen/mod.ts";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import {
  CreateContext,
  createMethod,
  defineCreateTask,
  DomainQuery,
  ModuleClient,
} from "../../sdk/mod.ts";
import { expectEqual, failed } from "./failed.ts";
import type { Workbench } from "./workbench.ts";

const LOCAL = DomainQuery.getLocalId();
const LIBRARY = "selftest_scratch";

/** A client of the scaffolded module, which has no method of its own. */
class ScratchClient extends ModuleClient {
  asyncCreate = createMethod(class extends defineCreateTask(LIBRARY, {}) {});
}

export async function checkUpgrade({ session }: Workbench): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "chimaera-selftest-" });
  try {
    await newRepo(folder, "selftest");
    await newModule(folder, "scratch");
    const admin = new Admin(session);
    const { modules, failures } = await admin.registerModule(LOCAL, folder);
    if (failures.length > 0) throw failed("load a repo's module", failures[0]!.why);
    expectEqual("the modules of a new repo", modules[0]?.libName, LIBRARY);
    const client = new ScratchClient(session);
    using task = await client.asyncCreate.paced(
      client,
      LOCAL,
      LOCAL,
      "scratch",
      new CreateContext(),
    );
    await task.wait();
    const runtime = `${folder}/scratch/scratch_runtime.ts`;
    await Deno.writeTextFile(runtime, `${await Deno.readTextFile(runtime)}// Changed.\n`);
    const info = await admin.upgradeModule(LOCAL, LIBRARY);
    if (info.from === info.to) throw failed("upgrade a module", "its version stayed the same");
    expectEqual("pools that were upgraded", info.pools, 1);
    await admin.destroyContainer(LOCAL, task.id);
    await admin.destroyModule(LOCAL, LIBRARY);
    return `${LIBRARY} from its source, and again after an edit`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
