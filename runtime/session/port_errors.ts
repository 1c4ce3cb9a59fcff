/** The errors of a port, apart from its code: they are only made when something is wrong. */

import { ChimaeraError, ERRORS } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { cannotBlockAll, isSimulated } from "../platform/mod.ts";
import { TaskState } from "../task/mod.ts";

/** Whether a return code says that the worker was lost with the task. */
export function isLost(returnCode: number): boolean {
  return returnCode === ERRORS.workerDied.code || returnCode === ERRORS.workerStalled.code;
}

export function notSendable(state: TaskState): ChimaeraError {
  return new ChimaeraError("taskState", {
    what: "submit a task",
    why: state === TaskState.free ? "it was freed" : "it was sent before",
  });
}

export function noFreeSlot(outstanding: number): ChimaeraError {
  return new ChimaeraError("noFreeSlot", {
    what: "allocate a task",
    why:
      `all ${LIMITS.slotsPerPort} task slots of the port are in use (${outstanding} tasks run; ` +
      `the rest is done and was not freed)`,
  });
}

export function ringFull(): ChimaeraError {
  return new ChimaeraError("noFreeSlot", {
    what: "submit a task",
    why: "the worker has not taken the port's earlier tasks yet",
  });
}

/** @param cause Why the thread that blocking needs did not start, if that was tried. */
export function cannotBlock(cause: unknown): ChimaeraError {
  if (isSimulated()) return cannotBlockAll();
  const why = "this session's results come in by the socket, through the event loop";
  return new ChimaeraError("waitSyncOnSocket", {
    what: "block until a task is done",
    why: cause === undefined ? why : `${why}: its thread did not start, ${cause}`,
    cause,
  });
}

export function adminNeedsThread(): ChimaeraError {
  return new ChimaeraError("waitSyncOnNodeThread", {
    what: "block until the admin has answered",
    why: "the admin needs this thread, which assembled the node",
  });
}

export function timedOut(timeoutMs: number): ChimaeraError {
  return new ChimaeraError("timeout", {
    what: "wait for a task",
    why: `not done after ${timeoutMs} ms`,
  });
}
