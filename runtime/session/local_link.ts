/** Sessions of the node's own process, whose line to the node is plain calls. */

import type { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { atMost, isSimulated, processId } from "../platform/mod.ts";
import { LOCAL_CLIENT, type NodeSession, type NodeSessions } from "./node_sessions.ts";
import { type NodeLink, Session, type SessionParts } from "./session.ts";

/** @param onClose Called when the session is closed by its owner. */
export async function openLocalSession(
  sessions: NodeSessions,
  node: Pick<SessionParts, "bells" | "workers" | "debugHeap">,
  sizeBytes: number,
  onClose: (session: Session) => void,
): Promise<Session> {
  let opened: Session | null = null;
  let ended: ChimaeraError | null = null;
  const session = await sessions.open(LOCAL_CLIENT, sizeBytes, (why) => {
    ended = why;
    opened?.fail(why);
  });
  const link = localLink(sessions, session, () => {
    if (opened !== null) onClose(opened);
  });
  opened = await Session.open({
    ...node,
    id: session.id,
    segment: session.segment,
    transport: "in-process",
    reason: "the node runs in this process",
    nodePid: processId(),
  }, link);
  // The node may have ended it while it opened, when there was nobody to be told.
  if (ended !== null) opened.fail(ended);
  return opened;
}

function localLink(
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
    blocking: !isSimulated(),
    doorbell: () => null,
  };
}
