/** `chimaera mod list`: the modules that a running node can make pools of. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { DomainQuery } from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { textTable } from "./text_table.ts";

const SESSION_BYTES = 32 << 20;

interface ModListOptions extends CommonOptions {
  readonly instance: string;
}

export const modList: CliCommand<ModListOptions> = {
  define: (command) => void instanceOption(command),
  example: "mod list",

  async run(_args, { instance, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const listing = new Admin(access.session).listModules(DomainQuery.getLocalId());
    const modules = await within("list the modules", ANSWER_MS_MAX, listing);
    if (json) printLine(JSON.stringify({ instance, modules }));
    else {
      const rows = modules.map(({ libName, version, pools, folder }) =>
        [libName, version, pools, folder === "" ? "part of the program" : folder] as const
      );
      printLine(textTable(["library", "version", "pools", "folder"], rows));
    }
    await access.close();
    return ExitCode.ok;
  },
};
