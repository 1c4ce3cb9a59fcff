/**
 * Taking connections for as long as a listener is open. A process that has no descriptor left for
 * one leaves it waiting in the system's queue, and tries again: descriptors come back.
 */

import { LIMITS } from "../limits.ts";
import { isPassing } from "./socket_errors.ts";
import { pause } from "./timers.ts";

/**
 * Hands each connection on, and takes the next when that is done. Resolves when the listener is
 * closed; rejects with an error that no later try could mend.
 */
export async function acceptAll(
  listener: Pick<Deno.UnixListener, "accept">,
  handle: (connection: Deno.UnixConn) => void | Promise<void>,
): Promise<void> {
  for (;;) {
    let connection: Deno.UnixConn;
    try {
      connection = await listener.accept();
    } catch (thrown) {
      if (isClosed(thrown)) return;
      if (!isPassing(thrown)) throw thrown;
      await pause(LIMITS.acceptRetryMs);
      continue;
    }
    await handle(connection);
  }
}

function isClosed(thrown: unknown): boolean {
  return thrown instanceof Deno.errors.BadResource || thrown instanceof Deno.errors.Interrupted;
}
