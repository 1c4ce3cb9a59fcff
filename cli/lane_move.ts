/** `chimaera lane move POOL LANE WORKER`: has another worker run a lane. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { ChimaeraError, DomainQuery, LIMITS } from "../sdk/mod.ts";
import {
  type CliCommand,
  type CommonOptions,
  ExitCode,
  instanceOption,
  usageError,
  wholeNumber,
} from "./command.ts";
import { within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const HERE = DomainQuery.getLocalId();
const SESSION_BYTES = 32 << 20;
/** A move waits for what the lane has begun, and then for each worker. */
const MOVE_MS_MAX = LIMITS.laneDrainMs + 4 * LIMITS.laneMoveStepMs;

interface LaneMoveOptions extends CommonOptions {
  readonly instance: string;
}

export const laneMove: CliCommand<LaneMoveOptions> = {
  define: (command) => {
    instanceOption(command)
      .argument("<pool>", "name of the pool")
      .argument("<lane>", "index of the lane in group 0, or `group/index`")
      .argument("<worker>", "number of the worker that is to run it");
  },
  example: "lane move images 0/1 2",

  async run([name, place, target], { instance, json }) {
    const { group, index } = laneAt(place!);
    const worker = wholeNumber("worker", 0, LIMITS.workersMax - 1)(target!);
    const access = await attachNode(instance, SESSION_BYTES);
    const admin = new Admin(access.session);
    const poolId = await admin.getPoolId(HERE, name!);
    if (poolId === 0) {
      throw new ChimaeraError("poolNotFound", { what: `pool ${name}`, why: "none has this name" });
    }
    const moving = admin.moveLane(HERE, poolId, group, index, worker);
    const move = await within(`move lane ${place} of ${name}`, MOVE_MS_MAX, moving);
    if (json) printLine(JSON.stringify({ instance, pool: name, group, index, worker, ...move }));
    else printLine(sentence(`${name} ${group}/${index}`, worker, move));
    await access.close();
    return ExitCode.ok;
  },
};

/** What became of it, for people. */
function sentence(
  lane: string,
  worker: number,
  { from, isCarried, tasks, stallMs }: Awaited<ReturnType<Admin["moveLane"]>>,
): string {
  if (from === worker) return `lane ${lane} is on worker ${worker} already`;
  const state = isCarried ? "with its state" : "made anew: its module saves no state";
  const stall = stallMs.toFixed(1);
  return `lane ${lane}: worker ${from} -> ${worker}, ${state}; ${tasks} tasks waited ${stall} ms`;
}

/** Reads `index` or `group/index`. Throws CHI-1001. */
function laneAt(text: string): { readonly group: number; readonly index: number } {
  const match = /^(?:(\d+)\/)?(\d+)$/.exec(text);
  if (match === null) throw usageError("lane", `\`${text}\` is no index and no group/index`);
  return { group: Number(match[1] ?? 0), index: Number(match[2]) };
}
