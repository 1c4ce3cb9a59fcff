/**
 * The sessions of a node, for whoever looks at it or attaches clients to it; and what memory they
 * may have together.
 *
 * Thread rules: the thread that assembled the node.
 */

import type { ChimaeraError } from "../errors.ts";
import type { SessionInfo } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import type { Segment } from "../memory/mod.ts";
import { machineMemoryBytes } from "../platform/mod.ts";

/** Bytes of all sessions of a node, where `chosenBytes` or nothing was chosen for its clients'. */
export function sessionsBytesMax(chosenBytes: number | undefined): number {
  const defaultBytes = Math.max(LIMITS.sessionBytesDefault, machineMemoryBytes() / 4);
  // The node's own session takes nothing from those of its clients.
  return LIMITS.policySessionBytes + (chosenBytes ?? defaultBytes);
}

/** A session in shared memory that has not ended. */
export interface OpenSession {
  /** Unique among the node's sessions of this kind. */
  readonly id: number;
  /** Whose it is, in words for people. */
  readonly client: string;
  /** Memory of its tasks and blocks. */
  readonly segment: Segment;
}

/** Sessions in shared memory. */
export interface SessionDirectory {
  /** Those that have not ended. */
  readonly list: readonly OpenSession[];
  /** How many were ended because of what they wrote. */
  readonly malformed: number;
  /** As `status` shows them. */
  info(): SessionInfo[];
  /**
   * Makes a session's memory and shows it to the workers.
   *
   * @param client Whose it is, in words for people.
   * @param sizeBytes Of its memory.
   * @param onEnd Called once when the node ends the session by itself.
   *
   * Rejects with CHI-2001 for one without room for anything, CHI-2007 when all sessions together
   * would have too much, CHI-2008 for what is no size, CHI-5008 when there are too many.
   */
  open(
    client: string,
    sizeBytes: number,
    onEnd: (error: ChimaeraError) => void,
  ): Promise<OpenSession>;
  /** Ends a session; resolves when nothing uses its memory. One that has ended is as good. */
  close(id: number): Promise<void>;
}
