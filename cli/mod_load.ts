/** `chimaera mod load DIR`: makes the modules of a repo known to a running node, or one of them. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { ChimaeraError, DomainQuery, LIMITS } from "../sdk/mod.ts";
import { realPath } from "../runtime/platform/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const SESSION_BYTES = 32 << 20;
/** A repo has many modules, each of which may take its time. */
const LOAD_MS_MAX = 6 * LIMITS.moduleLoadMs;

interface ModLoadOptions extends CommonOptions {
  readonly instance: string;
}

export const modLoad: CliCommand<ModLoadOptions> = {
  define: (command) => {
    instanceOption(command).argument("<dir>", "folder of a module repo, or of a module in one");
  },
  example: "mod load ./my_mods/compressor",

  async run([path], { instance, json }) {
    const folder = realPath(path!);
    if (folder === null) {
      throw new ChimaeraError("repoNotFound", { what: path!, why: "no such folder" });
    }
    const access = await attachNode(instance, SESSION_BYTES);
    const admin = new Admin(access.session);
    const local = DomainQuery.getLocalId();
    const listing = await within("list the modules", ANSWER_MS_MAX, admin.listModules(local));
    const before = new Set(listing.map(({ libName }) => libName));
    const loading = admin.registerModule(local, folder);
    const { modules: there, failures } = await within(`load ${path}`, LOAD_MS_MAX, loading);
    const modules = there.map((one) => ({ ...one, knownBefore: before.has(one.libName) }));
    if (json) printLine(JSON.stringify({ instance, modules, failures }));
    else {
      for (const { libName, version, knownBefore } of modules) {
        printLine(`${knownBefore ? "known before:" : "loaded"} ${libName}, version ${version}`);
      }
      if (modules.length + failures.length === 0) printLine(`${path} has no modules yet`);
    }
    for (const { code, what, why, hint } of failures) {
      console.error(`error[${code}]: ${what}: ${why}\nhint: ${hint}`);
    }
    await access.close();
    return failures.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
};
