/** `chimaera mod unload NAME`: has a running node forget a module of which there are no pools. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { DomainQuery, type ModuleInfo } from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const SESSION_BYTES = 32 << 20;

interface ModUnloadOptions extends CommonOptions {
  readonly instance: string;
}

export const modUnload: CliCommand<ModUnloadOptions> = {
  define: (command) => {
    instanceOption(command).argument("<name>", "library name, or the module's own name");
  },
  example: "mod unload example_compressor",

  async run([name], { instance, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const admin = new Admin(access.session);
    const local = DomainQuery.getLocalId();
    const before = await within("list the modules", ANSWER_MS_MAX, admin.listModules(local));
    await within(`unload ${name}`, ANSWER_MS_MAX, admin.destroyModule(local, name!));
    const module = libNameAmong(before, name!);
    printLine(json ? JSON.stringify({ instance, module, unloaded: true }) : `unloaded ${module}`);
    await access.close();
    return ExitCode.ok;
  },
};

/** The library that the node takes a name for: that of the name, or of the module of that name. */
function libNameAmong(modules: readonly ModuleInfo[], name: string): string {
  if (modules.some(({ libName }) => libName === name)) return name;
  const isNamed = ({ libName, folder }: ModuleInfo) =>
    libName.endsWith(`_${name}`) && folder.endsWith(`/${name}`);
  return modules.find(isNamed)?.libName ?? name;
}
