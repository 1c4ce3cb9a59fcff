import assert from "node:assert/strict";
import type { Side } from "./line.ts";
import { calibrate, measurePairs, microseconds, perSecond, startBoth, timeBlock } from "./pairs.ts";

const ROUNDS = { pairs: 4, blockMs: 10, idleMs: 0, launches: 0, upgrades: 0 };

/** A side whose clock is arithmetic: every operation takes `microsPerOp`. */
class ScriptedSide implements Side {
  readonly #name: string;
  readonly #microsPerOp: number;
  readonly #log: string[];
  closed = false;
  lastOps = 0;

  constructor(name: string, microsPerOp: number, log: string[] = []) {
    this.#name = name;
    this.#microsPerOp = microsPerOp;
    this.#log = log;
  }

  run(ops: number) {
    this.#log.push(this.#name);
    this.lastOps = ops;
    const elapsedMs = ops * this.#microsPerOp / 1000;
    return Promise.resolve({ microsPerOp: this.#microsPerOp, elapsedMs, checksum: ops });
  }

  close() {
    this.closed = true;
    return Promise.resolve();
  }
}

Deno.test("calibrate: finds the operations that fill a block", async () => {
  assert.equal(await calibrate(new ScriptedSide("a", 1), 10), 10_000);
  assert.equal(await calibrate(new ScriptedSide("a", 0.01), 10), 1_000_000);
  assert.equal(await calibrate(new ScriptedSide("a", 50_000), 10), 1);
});

Deno.test("measurePairs: alternates who goes first and keeps the pairs apart", async () => {
  const log: string[] = [];
  const ours = new ScriptedSide("ours", 3, log);
  const peer = new ScriptedSide("peer", 2, log);
  const { samples, checksum, peer: name } = await measurePairs(
    ours,
    peer,
    "a peer",
    ROUNDS,
    microseconds,
  );
  assert.deepEqual(log.slice(-8), [
    ...["ours", "peer"],
    ...["peer", "ours"],
    ...["ours", "peer"],
    ...["peer", "ours"],
  ]);
  assert.deepEqual(samples, Array(4).fill([3, 2]));
  assert.equal(checksum, 4 * ours.lastOps);
  assert.equal(name, "a peer");
  assert.ok(ours.closed && peer.closed);
});

Deno.test("measurePairs: a side that fails still leaves both closed", async () => {
  const ours = new ScriptedSide("ours", 3);
  const peer = new ScriptedSide("peer", 2);
  peer.run = () => Promise.reject(new Error("broken peer"));
  await assert.rejects(measurePairs(ours, peer, "a peer", ROUNDS, microseconds), /broken peer/);
  assert.ok(ours.closed && peer.closed);
});

Deno.test("startBoth: a peer whose opponent does not come up is closed", async () => {
  const peer = new ScriptedSide("peer", 2);
  const fails = () => Promise.reject(new Error("no node"));
  await assert.rejects(startBoth(() => Promise.resolve(peer), fails), /no node/);
  assert.ok(peer.closed);
});

Deno.test("perSecond: is the inverse of the time of one operation", () => {
  assert.equal(perSecond({ microsPerOp: 4, elapsedMs: 1, checksum: 0 }), 250_000);
});

Deno.test("timeBlock: keeps the sum, modulo 2^32, of synchronous and asynchronous work", async () => {
  assert.equal((await timeBlock(1, () => -1)).checksum, 0xffff_ffff);
  assert.equal((await timeBlock(1, () => Promise.resolve(2 ** 32 + 5))).checksum, 5);
});
