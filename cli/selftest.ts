/**
 * `chimaera selftest`: proves on the machine at hand what the program needs, a line per check.
 *
 * The checks use a node of their own, so a node that runs is not disturbed.
 */

import { realClock } from "../runtime/platform/mod.ts";
import { toChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { printLine } from "./output.ts";
import { type Check, CHECKS } from "./selftest/checks.ts";
import { Workbench } from "./selftest/workbench.ts";

/** What became of a check. */
interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, or why it failed. */
  readonly detail: string;
  readonly ms: number;
}

export const selftest: CliCommand = {
  define: () => {},
  example: "selftest --json",

  async run(_args, { json }) {
    await using bench = new Workbench();
    const results: CheckResult[] = [];
    for (const check of CHECKS) {
      const result = await runCheck(check, bench);
      results.push(result);
      if (!json) printLine(line(result));
    }
    const failed = results.filter(({ ok }) => !ok).length;
    if (json) printLine(JSON.stringify({ ok: failed === 0, checks: results }));
    else printLine(failed === 0 ? "all is well" : `${failed} of ${results.length} failed`);
    return failed === 0 ? ExitCode.ok : ExitCode.failed;
  },
};

async function runCheck({ name, run }: Check, bench: Workbench): Promise<CheckResult> {
  const beganMs = realClock.nowMs();
  const took = () => Math.round(realClock.nowMs() - beganMs);
  try {
    return { name, ok: true, detail: await run(bench), ms: took() };
  } catch (thrown) {
    const { code, message } = toChimaeraError(thrown, "internal", name);
    return { name, ok: false, detail: `${code}: ${message}`, ms: took() };
  }
}

function line({ name, ok, detail, ms }: CheckResult): string {
  return `${ok ? "ok    " : "FAILED"}  ${name.padEnd(16)}  ${detail} (${ms} ms)`;
}
