/**
 * `chimaera stop`: asks a node to stop, and waits until it is gone.
 *
 * A node that does not answer is asked again by a signal; its lock says when it is gone.
 */

import { ChimaeraError, connect, DomainQuery } from "../sdk/mod.ts";
import { InstancePaths } from "../sdk/node.ts";
import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { delay, realClock } from "../runtime/platform/mod.ts";
import {
  type CliCommand,
  type CommonOptions,
  ExitCode,
  instanceOption,
  wholeNumber,
} from "./command.ts";
import { within } from "./deadline.ts";
import { printLine } from "./output.ts";

const LOOK_MS = 10;
/** Then it is asked by a signal. */
const ANSWER_MS_MAX = 2000;
const SESSION_BYTES = 32 << 20;

interface StopOptions extends CommonOptions {
  readonly instance: string;
  readonly timeout: number;
}

export const stop: CliCommand<StopOptions> = {
  define: (command) =>
    instanceOption(command).option(
      "--timeout <ms>",
      "give up when it is not gone after so many milliseconds",
      wholeNumber("--timeout", 1, 3_600_000),
      20_000,
    ),
  example: "stop --instance default",

  async run(_args, { instance, timeout, json }) {
    const paths = new InstancePaths(instance);
    const record = paths.find();
    if (record === null) {
      throw new ChimaeraError("nodeNotRunning", {
        what: `stop instance ${instance}`,
        why: `no node runs in ${paths.folder}`,
        hint: "there is nothing to stop; name another instance with --instance",
      });
    }
    const beganMs = realClock.nowMs();
    if (!await askToStop(instance)) signal(record.pid);
    while (paths.isHeld()) {
      if (realClock.nowMs() - beganMs > timeout) {
        throw new ChimaeraError("timeout", {
          what: `stop instance ${instance}`,
          why: `process ${record.pid} is still there after ${timeout} ms`,
          hint: `wait, or end it with \`kill -9 ${record.pid}\`; the next serve cleans up`,
        });
      }
      await delay(LOOK_MS);
    }
    const tookMs = Math.round(realClock.nowMs() - beganMs);
    const report = { stopped: true, instance, pid: record.pid, tookMs };
    printLine(json ? JSON.stringify(report) : `stopped: instance ${instance}, pid ${record.pid}`);
    return ExitCode.ok;
  },
};

/** Sends the node the task that stops it. False: it did not take it. */
async function askToStop(instance: string): Promise<boolean> {
  try {
    await within("ask it to stop", ANSWER_MS_MAX, stopByTask(instance));
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ChimaeraError)) throw thrown;
    // It was asked before, or took this task and ended before the answer was read.
    if (thrown.kind === "shutdown") return true;
    console.error(`note: the node does not answer (${thrown.message}); sending it SIGTERM`);
    return false;
  }
}

async function stopByTask(instance: string): Promise<void> {
  await using session = await connect({ instance, sizeBytes: SESSION_BYTES });
  await new Admin(session).stopRuntime(DomainQuery.getLocalId());
}

function signal(pid: number): void {
  try {
    Deno.kill(pid, "SIGTERM");
  } catch (thrown) {
    // It ended by itself in the meantime.
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}
