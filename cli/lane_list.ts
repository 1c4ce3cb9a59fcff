/** `chimaera lane list`: the lanes of a running node, and the workers that run them. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { ChimaeraError, DomainQuery } from "../sdk/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { laneTable } from "./pool_table.ts";

const SESSION_BYTES = 32 << 20;

interface LaneListOptions extends CommonOptions {
  readonly instance: string;
  readonly pool?: string;
}

export const laneList: CliCommand<LaneListOptions> = {
  define: (command) => {
    instanceOption(command).option("--pool <name>", "the lanes of this pool only");
  },
  example: "lane list --pool images",

  async run(_args, { instance, json, pool }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const listing = new Admin(access.session).listPools(DomainQuery.getLocalId());
    const all = await within("list the lanes", ANSWER_MS_MAX, listing);
    const pools = pool === undefined ? all : all.filter(({ name }) => name === pool);
    if (pools.length === 0) {
      throw new ChimaeraError("poolNotFound", { what: `pool ${pool}`, why: "none has this name" });
    }
    const lanes = pools.flatMap(({ id, name, lanes }) =>
      lanes.map((lane) => ({ pool: name, poolId: id, ...lane }))
    );
    if (json) printLine(JSON.stringify({ instance, lanes }));
    else printLine(laneTable(pools));
    await access.close();
    return ExitCode.ok;
  },
};
