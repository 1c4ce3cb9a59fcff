/** `chimaera worker recycle WORKER`: has a fresh thread take a worker's place. */

import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { DomainQuery, LIMITS } from "../sdk/mod.ts";
import {
  type CliCommand,
  type CommonOptions,
  ExitCode,
  instanceOption,
  wholeNumber,
} from "./command.ts";
import { within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";

const SESSION_BYTES = 32 << 20;
/** Each of the worker's lanes moves twice, and may have to come to rest for it. */
const RECYCLE_MS_MAX = 12 * LIMITS.laneDrainMs;

interface WorkerRecycleOptions extends CommonOptions {
  readonly instance: string;
}

export const workerRecycle: CliCommand<WorkerRecycleOptions> = {
  define: (command) => {
    instanceOption(command).argument("<worker>", "number of the worker, from 0");
  },
  example: "worker recycle 1",

  async run([target], { instance, json }) {
    const worker = wholeNumber("worker", 0, LIMITS.workersMax - 1)(target!);
    const access = await attachNode(instance, SESSION_BYTES);
    const recycling = new Admin(access.session).recycleWorker(DomainQuery.getLocalId(), worker);
    const info = await within(`recycle worker ${worker}`, RECYCLE_MS_MAX, recycling);
    if (json) printLine(JSON.stringify({ instance, ...info }));
    else printLine(sentence(info));
    await access.close();
    return ExitCode.ok;
  },
};

/** What became of it, for people. */
function sentence(
  { worker, lanes, restarted, stayed, why, pauseMs }: Awaited<ReturnType<Admin["recycleWorker"]>>,
): string {
  const state = restarted === 0
    ? "with their state"
    : `${restarted} of them made anew: their modules save no state`;
  const home = stayed === 0 ? "" : `\n${stayed} of them could not come back: ${why}`;
  const took = `it took no tasks for ${pauseMs.toFixed(1)} ms`;
  const moved = `${lanes} ${lanes === 1 ? "lane" : "lanes"} moved, ${state}`;
  return `worker ${worker} has a fresh thread; ${took}; ${moved}${home}`;
}
