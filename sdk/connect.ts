/**
 * `connect()` of the SDK. What carries a session is loaded when a program asks for one: modules
 * import the SDK in every worker, and need none of it there.
 *
 * Thread rules: any isolate.
 */

import type { ConnectOptions, Session } from "../runtime/session/mod.ts";

/**
 * Opens a session with a running node. Clients that name no session use the first one opened.
 *
 * Throws CHI-1001 for options that there are not, CHI-5001 when no node runs, CHI-5003 for another
 * protocol version, CHI-5004 when it does not answer.
 *
 * @param options Which node, and how; all of it may be left out.
 */
export async function connect(options: ConnectOptions = {}): Promise<Session> {
  const session = await import("../runtime/session/mod.ts");
  return await session.connect(options);
}
