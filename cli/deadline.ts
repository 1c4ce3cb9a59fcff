/** Waiting no longer than so long for a node that may not answer. */

import { ChimaeraError } from "../runtime/errors.ts";
import { after } from "../runtime/platform/mod.ts";

/** A node that runs answers in microseconds; one that is held up, stopped or overloaded may not. */
export const ANSWER_MS_MAX = 5000;

/** What the work yields. Throws CHI-3005 when that takes longer; the work itself goes on. */
export function within<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(ms, () => {
      const why = `the node has not answered for ${ms} ms`;
      const hint = "a handler may hold the worker that answers: the node's log names it, and " +
        "`serve --stall-abandon SECONDS` gives such a worker up; a node whose log says nothing may " +
        "be stopped (SIGSTOP) or hang";
      reject(new ChimaeraError("timeout", { what, why, hint }));
    });
    work.then(resolve, reject).finally(cancel);
  });
}
