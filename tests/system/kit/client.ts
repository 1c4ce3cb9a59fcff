/**
 * A client as a process: `client.ts '{"scenario":"faults",…}'` connects, runs the scenario of that
 * name, and says `done`, or `failed` with the error.
 */

import { connect, type Session } from "chimaera";
import { errorLine, listen, say } from "./lines.ts";
import type { Line } from "./program.ts";

/** What a client program is told. Scenarios have further fields. */
export interface ClientConfig {
  /** A file of `tests/system/scenarios`. */
  readonly scenario: string;
  readonly instance?: string;
  readonly transport?: "auto" | "shm" | "socket";
  readonly sizeBytes?: number;
  readonly [key: string]: unknown;
}

/** What a scenario has to talk by. */
export interface ScenarioIo {
  say(line: Line): void;
  /** The next line of the test. */
  told(): Promise<Line>;
  /** Whether the test has said something that was not read yet. */
  readonly hasNews: boolean;
}

/** Scenarios export this as `run`. */
export type Scenario = (
  session: Session,
  config: ClientConfig,
  io: ScenarioIo,
) => void | Promise<void>;

/** The lines that the test says, in order. */
class Inbox {
  readonly #lines: Line[] = [];
  #arrived: () => void = () => {};

  put(line: Line): void {
    this.#lines.push(line);
    this.#arrived();
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  async take(): Promise<Line> {
    while (this.isEmpty) await new Promise<void>((resolve) => this.#arrived = resolve);
    return this.#lines.shift()!;
  }
}

async function main(config: ClientConfig): Promise<void> {
  const inbox = new Inbox();
  void listen((line) => inbox.put(line));
  const file = new URL(`../scenarios/${config.scenario}.ts`, import.meta.url);
  const { run } = await import(file.href) as { run: Scenario };
  const { instance, transport, sizeBytes } = config;
  const session = await connect({
    transport: transport ?? "auto",
    sizeBytes: sizeBytes ?? 64 << 20,
    ...instance === undefined ? {} : { instance },
  });
  const { reason, workers } = session;
  say({ kind: "connected", transport: session.transport, reason, workers });
  await run(session, config, {
    say,
    told: () => inbox.take(),
    get hasNews() {
      return !inbox.isEmpty;
    },
  });
  await session.close();
}

if (import.meta.main) {
  try {
    await main(JSON.parse(Deno.args[0]!));
    say({ kind: "done" });
    Deno.exit(0);
  } catch (thrown) {
    say({ kind: "failed", error: errorLine(thrown) });
    console.error(thrown);
    Deno.exit(1);
  }
}
