/** Each peer once, briefly: it starts, answers rightly, and leaves nothing behind. */

import assert from "node:assert/strict";
import { permitted, test } from "../../tests/permission.ts";
import { hasProgram } from "../harness/cache.ts";
import { type BenchContext, CannotRun, Placement, type Side } from "../harness/line.ts";
import { QUICK_ROUNDS } from "../harness/rounds.ts";
import { futexPingPong } from "./futex_ping_pong.ts";
import { POOL_CANDIDATES, startPool } from "./pools.ts";
import { socketEcho } from "./socket_echo.ts";
import { SpinThreads } from "./spin_threads.ts";
import { waitAsyncPingPong } from "./wait_async.ts";

const CONTEXT: BenchContext = {
  rounds: QUICK_ROUNDS,
  submitterCpu: 0,
  serverCpu: 0,
  placement: Placement.oneCore,
};

const IS_LINUX = Deno.build.os === "linux";

function canRun(program: string): boolean {
  return permitted() && hasProgram(program);
}

const OPS = 300;

/** Results are value + 1 for the values 0 to OPS - 1, or 1 to OPS: their sum. */
const SUM = OPS * (OPS + 1) / 2;

async function runTwice(side: Side): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const block = await side.run(OPS);
    assert.equal(block.checksum, SUM);
    assert.ok(block.microsPerOp > 0);
  }
  await side.close();
}

for (const parties of ["threads", "processes"] as const) {
  test(`futex ping-pong between two ${parties}`, {
    ignore: !IS_LINUX || !canRun("cc"),
  }, async () => {
    await runTwice(await futexPingPong(CONTEXT, parties));
  });
}

test("threads that compute: as many as asked for, with one sum", {
  ignore: !IS_LINUX || !canRun("cc"),
}, async () => {
  const program = await SpinThreads.start(1);
  const { checksum } = await program.run(1, OPS);
  assert.equal((await program.run(2, OPS)).checksum, checksum);
  assert.equal((await program.run(1, 1)).checksum, 270369);
  await program.close();
});

test("waitAsync ping-pong with a worker", async () => {
  await runTwice(await waitAsyncPingPong(CONTEXT));
});

test("socket echo with another process", { ignore: Deno.build.os === "windows" }, async () => {
  await runTwice(await socketEcho());
});

for (const candidate of POOL_CANDIDATES.filter(({ workers }) => workers === 1)) {
  test(`pool under Node: ${candidate.pool}`, {
    ignore: !canRun("node") || !canRun("npm"),
  }, async () => {
    let side: Side;
    try {
      side = await startPool(candidate, 16);
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      console.warn(`not tested: ${error.message}`); // The line says `skipped` then, too.
      return;
    }
    await runTwice(side);
  });
}
