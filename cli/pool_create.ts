/** `chimaera pool create NAME MODULE`: makes a pool with the module's own parameters. */

import {
  ADMIN_POOL_ID,
  CreatePoolTask,
  DomainQuery,
  LIMITS,
  ModuleClient,
  taskMethod,
} from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const HERE = DomainQuery.getLocalId();
const SESSION_BYTES = 32 << 20;
/** The module may have to be loaded, and its `create` takes its time. */
const CREATE_MS_MAX = 3 * LIMITS.moduleLoadMs;

interface PoolCreateOptions extends CommonOptions {
  readonly instance: string;
}

/** Calls the admin for modules whose own clients this program has not. */
class PoolMaker extends ModuleClient {
  asyncCreatePool = taskMethod(CreatePoolTask);
}

export const poolCreate: CliCommand<PoolCreateOptions> = {
  define: (command) => {
    instanceOption(command)
      .argument("<name>", "name of the pool")
      .argument("<module>", "library name, or the module's own name");
  },
  example: "pool create books example_compressor",

  async run([poolName, libName], { instance, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const maker = new PoolMaker(access.session);
    maker.init(ADMIN_POOL_ID);
    const fields = { poolName: poolName!, libName: libName!, paramsLayout: 0 };
    const creating = maker.asyncCreatePool.ask(
      HERE,
      fields,
      ({ id, created }) => ({ id, created }),
    );
    const made = await within(`create pool ${poolName}`, CREATE_MS_MAX, creating);
    if (json) printLine(JSON.stringify({ instance, pool: poolName, ...made }));
    else printLine(`pool ${poolName} ${made.created ? "was created" : "was there"}, id ${made.id}`);
    await access.close();
    return ExitCode.ok;
  },
};
