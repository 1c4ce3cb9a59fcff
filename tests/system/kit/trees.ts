/** Trees of tasks of `tests_steady` that nobody waits for. */

import { DomainQuery, LIMITS, type Session } from "chimaera";
import type { Client } from "../modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();

/** Which trees to send. */
export interface Trees {
  /** They are counted under it. */
  readonly key: number;
  readonly trees: number;
  /** Levels below the first. */
  readonly depth: number;
  readonly width?: number;
  /** Whether the last level throws. */
  readonly fails?: boolean;
}

/** Sends the roots; when all slots are in use, it waits until half of them are free. */
export async function forgetTrees(session: Session, client: Client, of: Trees): Promise<void> {
  const { key, trees, depth, width = 1, fails = false } = of;
  const { port } = session;
  for (let lane = 0; lane < trees; lane++) {
    if (port.outstanding === LIMITS.slotsPerPort) {
      port.flush();
      while (port.outstanding > LIMITS.slotsPerPort / 2) {
        if (port.poll() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    client.asyncTree.forget(HERE, { key, lane, depthLeft: depth, width, fails });
  }
  await port.slotFree(); // Whoever goes on needs one.
}
