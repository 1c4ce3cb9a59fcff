/**
 * What goes wrong from outside: clients that vanish or write anything into their memory, threads that get no
 * processor, wakes for nothing, and a node without free memory.
 */

import { bellLineOf } from "../../../runtime/lane/mod.ts";
import { HEAP_OFFSET, ringBell } from "../../../runtime/memory/mod.ts";
import type { ClientProcess } from "./client_process.ts";
import type { Dice, MemoryHog } from "../../../runtime/testing/mod.ts";
import type { Scene } from "./scene.ts";

/** What a fault may touch. */
export interface Stage {
  readonly scene: Scene;
  readonly dice: Dice;
  readonly clients: readonly ClientProcess[];
  readonly hog: MemoryHog;
  /** Kills the thread of a worker. False when it has none at the moment. */
  readonly kill: (worker: number) => boolean;
}

/** One that dies while another is replaced is not simulated. */
const LOSSES_MAX = 1;

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** False when there was nothing that it could happen to. */
  happen(stage: Stage): boolean;
}

function someClient(
  { clients, dice }: Stage,
  suits: (client: ClientProcess) => boolean,
): ClientProcess | null {
  const there = clients.filter((client) => !client.gone && suits(client));
  return there.length === 0 ? null : dice.pick(there);
}

/** The process is killed in the middle of whatever it does. */
function vanish(stage: Stage): boolean {
  const client = someClient(stage, () => true);
  client?.vanish(stage.dice.below(5));
  return client !== null;
}

/** A client writes numbers anywhere in its memory, often where the runtime looks, and rings. */
function scribble(stage: Stage): boolean {
  const client = someClient(stage, ({ ports }) => ports.length > 0);
  const segment = client?.segment;
  if (!client || !segment) return false;
  const { dice, scene } = stage;
  client.becomeHostile();
  scene.witness.distrust(client.sessionId);
  const places = dice.pick(client.ports).places;
  const starts = [places.ringsOffset, places.ringsOffset, places.slotsOffset, 0, HEAP_OFFSET];
  for (let left = dice.pick([1, 8, 200]); left > 0; left--) {
    const at = dice.pick(starts) / 4 + dice.below(dice.pick([64, 1024, 65536]));
    segment.i32[at] = dice.pick([-1, 0, 1, dice.below(64), dice.below(2 ** 31)]);
  }
  ringBell(scene.node.bells.words, bellLineOf(dice.below(scene.node.workers)));
  return true;
}

/** A client or a worker gets no processor for a while. */
function pause(stage: Stage): boolean {
  const { dice, scene, clients } = stage;
  const owners = Array.from({ length: scene.node.workers + 1 }, (_, owner) => owner);
  for (const client of clients) if (!client.gone) owners.push(client.owner);
  scene.world.pause(dice.pick(owners), dice.pick([10, 50, 200]));
  return true;
}

function wakeForNothing({ scene }: Stage): boolean {
  scene.world.wakeOne();
  return true;
}

function fillMemory({ scene, hog, dice }: Stage): boolean {
  if (hog.isFull) hog.release();
  else {
    scene.wasFull = true;
    hog.take(dice.pick([64, 4096, 65536]));
  }
  return true;
}

/** The thread of a worker dies between two passes. */
function loseWorker({ scene, dice, kill }: Stage): boolean {
  const worker = dice.below(scene.node.workers);
  if (scene.lostWorkers >= LOSSES_MAX || !kill(worker)) return false;
  scene.lostWorkers++;
  scene.witness.lost(worker);
  return true;
}

export const FAULTS: readonly Fault[] = [
  { name: "vanish", weight: 2, happen: vanish },
  { name: "scribble", weight: 3, happen: scribble },
  { name: "pause", weight: 6, happen: pause },
  { name: "wakeForNothing", weight: 4, happen: wakeForNothing },
  { name: "loseWorker", weight: 1, happen: loseWorker },
  { name: "fillMemory", weight: 2, happen: fillMemory },
];
