/**
 * Checks the types of a repo in a process of its own, for a node that must go on meanwhile: the
 * program itself is started again, as `repo check --types-only --json`.
 *
 * Thread rules: the main isolate; holds nothing while it waits.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { selfCommand } from "../../runtime/platform/mod.ts";
import type { TypeProblem } from "./problems.ts";

const decoder = new TextDecoder();

/**
 * The type problems of a repo, as `checkTypes` finds them. Throws CHI-1307 when the check itself
 * fails, and the reason of `signal`, which ends it.
 *
 * @param repoFolder Absolute, without a slash at its end.
 */
export async function checkTypesApart(
  repoFolder: string,
  signal?: AbortSignal,
): Promise<TypeProblem[]> {
  signal?.throwIfAborted();
  const [program, ...args] = selfCommand();
  const child = new Deno.Command(program, {
    args: [...args, "repo", "check", repoFolder, "--types-only", "--json"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const end = () => {
    try {
      child.kill("SIGKILL");
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown; // It has ended by itself.
    }
  };
  signal?.addEventListener("abort", end, { once: true });
  const { stdout, stderr } = await child.output();
  signal?.removeEventListener("abort", end);
  signal?.throwIfAborted();
  const types = reported(decoder.decode(stdout));
  if (types !== null) return types;
  throw new ChimaeraError("repoCheck", {
    what: `check the types of ${repoFolder}`,
    why: decoder.decode(stderr).split("\n")[0] || "the check ended without a result",
    hint: "run `chimaera repo check` on it by hand",
  });
}

/** What the command found; null when it did not come so far. */
function reported(line: string): TypeProblem[] | null {
  try {
    const report: { readonly types?: TypeProblem[] } = JSON.parse(line);
    return report.types ?? null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
