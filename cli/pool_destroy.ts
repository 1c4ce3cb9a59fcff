/** `chimaera pool destroy NAME`: ends a pool, and what waits on its lanes. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { ChimaeraError, DomainQuery, LIMITS } from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const HERE = DomainQuery.getLocalId();
const SESSION_BYTES = 32 << 20;
/** Handlers that run get their time, and then hear a signal. */
const DESTROY_MS_MAX = LIMITS.destroyGraceMs + 4 * LIMITS.poolHeldMs;

interface PoolDestroyOptions extends CommonOptions {
  readonly instance: string;
}

export const poolDestroy: CliCommand<PoolDestroyOptions> = {
  define: (command) => {
    instanceOption(command).argument("<name>", "name of the pool");
  },
  example: "pool destroy books",

  async run([name], { instance, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const admin = new Admin(access.session);
    const id = await admin.getPoolId(HERE, name!);
    if (id === 0) {
      throw new ChimaeraError("poolNotFound", { what: `pool ${name}`, why: "none has this name" });
    }
    await within(`end pool ${name}`, DESTROY_MS_MAX, admin.destroyContainer(HERE, id));
    printLine(json ? JSON.stringify({ instance, pool: name, id }) : `pool ${name} has ended`);
    await access.close();
    return ExitCode.ok;
  },
};
