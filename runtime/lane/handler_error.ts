/** What handlers throw, as the errors of their tasks. */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import type { Task } from "../task/mod.ts";
import type { ContainerOnWorker } from "./container.ts";

/** What a handler threw, with the line in the module that it came from. */
export function thrownBy(thrown: unknown, container: ContainerOnWorker, task: Task): ChimaeraError {
  if (!(thrown instanceof ChimaeraError) || thrown.cause !== undefined) {
    return toChimaeraError(thrown, "handlerThrew", container.nameOf(task));
  }
  const { kind, what, why, hint } = thrown;
  return new ChimaeraError(kind, { what, why, hint, cause: thrown });
}
