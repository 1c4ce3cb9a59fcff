/** `chimaera pool list`: the pools of a running node. */

import { DomainQuery } from "../sdk/mod.ts";
import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { laneTable, poolTable } from "./pool_table.ts";

const SESSION_BYTES = 32 << 20;

interface PoolListOptions extends CommonOptions {
  readonly instance: string;
  readonly lanes?: boolean;
}

export const poolList: CliCommand<PoolListOptions> = {
  define: (command) => void instanceOption(command).option("--lanes", "a row for each lane"),
  example: "pool list --lanes",

  async run(_args, { instance, json, lanes }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const listing = new Admin(access.session).listPools(DomainQuery.getLocalId());
    const pools = await within("list the pools", ANSWER_MS_MAX, listing);
    if (json) printLine(JSON.stringify({ instance, pools }));
    else printLine(lanes ? laneTable(pools) : poolTable(pools));
    await access.close();
    return ExitCode.ok;
  },
};
