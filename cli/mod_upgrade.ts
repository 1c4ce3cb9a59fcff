/** `chimaera mod upgrade NAME`: has a module's pools run the code that its folder has now. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { DomainQuery, LIMITS, type UpgradeInfo } from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { upgradeText } from "./serving/repo_watch.ts";

const HERE = DomainQuery.getLocalId();
const SESSION_BYTES = 32 << 20;
/** Loading, and then each step of the upgrade. */
const UPGRADE_MS_MAX = LIMITS.moduleLoadMs + LIMITS.laneDrainMs + 4 * LIMITS.laneMoveStepMs;

interface ModUpgradeOptions extends CommonOptions {
  readonly instance: string;
  readonly dropState?: boolean;
}

export const modUpgrade: CliCommand<ModUpgradeOptions> = {
  define: (command) => {
    instanceOption(command)
      .argument("<name>", "library name, or the module's own name")
      .option(
        "--drop-state",
        "begin anew without the old version's state, also when nothing has changed: for a version " +
          "that serves and cannot save it",
      );
  },
  example: "mod upgrade example_compressor",

  async run([name], { instance, dropState = false, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const upgrading = new Admin(access.session).upgradeModule(HERE, name!, dropState);
    const info = await within(`upgrade ${name}`, UPGRADE_MS_MAX, upgrading);
    printLine(json ? JSON.stringify({ instance, ...info }) : sentence(info));
    await access.close();
    return ExitCode.ok;
  },
};

function sentence(info: UpgradeInfo): string {
  if (info.from !== info.to) return upgradeText(info);
  return `${info.libName} is up to date: nothing in its folder has changed`;
}
