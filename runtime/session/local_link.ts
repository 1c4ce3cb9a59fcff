/** A session's line to a node in the same process: plain calls. */

import { LIMITS } from "../limits.ts";
import { atMost } from "../platform/mod.ts";
import type { NodeSession, NodeSessions } from "./node_sessions.ts";
import type { NodeLink } from "./session.ts";

/** @param onClose Called when the session is closed by its owner. */
export function localLink(
  sessions: NodeSessions,
  session: NodeSession,
  onClose: () => void,
): NodeLink {
  return {
    reserveBellLine: () => Promise.resolve(sessions.reserveBellLine(session)),
    openPort: (places) => sessions.openPort(session, places, ""),
    close: async () => {
      onClose();
      // The memory goes back when nothing uses it; the program need not wait for that.
      await atMost(LIMITS.closeGraceMs, sessions.close(session.id));
    },
    checkAlive: () => {},
    // This thread nudges the others; while it is blocked nobody nudges it.
    longestSleepMs: () => sessions.hasForeign ? LIMITS.sleepMs : Infinity,
    ringWorker: () => {},
    blocking: true,
    doorbell: () => null,
  };
}
