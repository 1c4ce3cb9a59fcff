/** `chimaera mod unload NAME`: has a running node forget a module of which there are no pools. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { DomainQuery } from "../sdk/mod.ts";
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
    const unloading = new Admin(access.session).destroyModule(DomainQuery.getLocalId(), name!);
    await within(`unload ${name}`, ANSWER_MS_MAX, unloading);
    printLine(
      json ? JSON.stringify({ instance, module: name, unloaded: true }) : `unloaded ${name}`,
    );
    await access.close();
    return ExitCode.ok;
  },
};
