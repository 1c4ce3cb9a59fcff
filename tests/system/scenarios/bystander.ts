/**
 * A client that does nothing wrong: calls one lane after the other and checks what comes back,
 * until it is told something. Says `progress` every thousand calls, and `total` at the end. While
 * another client fills the node's heap it may be told that there is no room (CHI-2001), and of
 * nothing else.
 */

import { ChimaeraError, DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const BATCH = 50;

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  let count = 0;
  for (let round = 0; !io.hasNews; round++) {
    await Promise.all(
      Array.from({ length: BATCH }, async (_, k) => {
        const value = round * BATCH + k;
        count += await call(client, value);
      }),
    );
    if (round % 20 === 0) io.say({ kind: "progress", count });
    // The event loop's other work: the line that ends this.
    if (round % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  io.say({ kind: "total", count });
}

/** 1 for a right answer, 0 for none. */
async function call(client: Client, value: number): Promise<number> {
  try {
    const result = await client.ok(HERE, value, value % LANES);
    if (result !== value + 1) throw new Error(`${value} was answered by ${result}`);
    return 1;
  } catch (thrown) {
    if (thrown instanceof ChimaeraError && thrown.code === "CHI-2001") return 0;
    throw thrown;
  }
}
