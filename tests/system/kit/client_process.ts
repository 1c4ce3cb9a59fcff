/** A client that runs a scenario as a process of its own, as a test sees it. */

import type { ClientConfig } from "./client.ts";
import { Program, type ProgramOptions } from "./program.ts";

const SCRIPT = new URL("./client.ts", import.meta.url);

/** Starts a client. */
export function startClient(config: ClientConfig, options: ProgramOptions): Program {
  return Program.start(SCRIPT, config, options);
}

/** Runs a scenario to its end, and returns its lines of a kind. */
export async function runClient<T>(
  config: ClientConfig,
  kind: string,
  options: ProgramOptions,
): Promise<T[]> {
  await using client = startClient(config, options);
  await client.next("done");
  await client.ended();
  return client.take<T>(kind);
}
