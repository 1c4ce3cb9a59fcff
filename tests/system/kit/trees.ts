/** Trees of tasks of `tests_steady` that nobody waits for. */

import { DomainQuery, type Session } from "chimaera";
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

/** Sends the roots one by one, each when there is a slot for it. */
export async function forgetTrees(session: Session, client: Client, of: Trees): Promise<void> {
  const { key, trees, depth, width = 1, fails = false } = of;
  for (let lane = 0; lane < trees; lane++) {
    for (;;) {
      try {
        client.asyncTree.forget(HERE, { key, lane, depthLeft: depth, width, fails });
        break;
      } catch (thrown) {
        if ((thrown as { code?: string }).code !== "CHI-3011") throw thrown;
        await session.port.slotFree();
      }
    }
  }
  await session.port.slotFree(); // Whoever goes on needs one.
}
