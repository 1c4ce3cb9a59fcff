import assert from "node:assert/strict";
import { after, delay, eventLoopTurn, every, Heartbeat, realClock } from "./mod.ts";

Deno.test("clock: monotonic time does not go back; wall time is of this century", () => {
  let last = realClock.nowMs();
  for (let k = 0; k < 1000; k++) {
    const now = realClock.nowMs();
    assert.ok(now >= last);
    last = now;
  }
  assert.ok(realClock.wallMs() > Date.UTC(2020));
});

Deno.test("timers: a delay ends, and not before its time", async () => {
  const start = realClock.nowMs();
  await delay(5);
  assert.ok(realClock.nowMs() - start >= 4.5);
});

Deno.test("timers: a call that was taken back does not come; others come in order", async () => {
  const calls: string[] = [];
  const cancel = after(1, () => calls.push("cancelled"));
  after(2, () => calls.push("late"));
  cancel();
  await eventLoopTurn();
  calls.push("turn");
  await delay(20);
  assert.deepEqual(calls, ["turn", "late"]);
});

Deno.test("timers: a repeating call repeats until it is ended", async () => {
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = every(1, () => ++calls === 3 && resolve());
  await promise;
  end();
  const ended = calls;
  await delay(10);
  assert.equal(calls, ended);
});

Deno.test("timers: a heartbeat beats while it is held, and may be held again", async () => {
  let beats = 0;
  let beaten = () => {};
  const beat = () => new Promise<void>((resolve) => beaten = resolve);
  const heart = new Heartbeat(1, () => {
    beats++;
    beaten();
  });
  heart.hold();
  await beat();
  heart.letGo();
  heart.hold();
  await beat();
  heart.close();
  heart.close();
  const ended = beats;
  await delay(10);
  assert.equal(beats, ended);
});
