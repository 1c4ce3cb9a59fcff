/**
 * All scenarios of the interleaving simulator, by name. To add one, write a file beside the others
 * in `scenarios/` and a line here; if the thing under test can be broken in a way worth finding,
 * break it in `canaries/` and add a line there too.
 */

import type { Scenario } from "../../runtime/platform/interleave.ts";
import { PortSlots } from "../../runtime/session/port_slots.ts";
import { EARLY_RING, LATE_EPOCH, LATE_PREPARE } from "./canaries/bells.ts";
import { Tagless } from "./canaries/free_lists.ts";
import { EARLY_LOOK_HEAP, LOOK_THEN_TAKE_HEAP } from "./canaries/heaps.ts";
import { EARLY_HEAD, EARLY_TAIL } from "./canaries/rings.ts";
import { NoGenerations } from "./canaries/slots.ts";
import { FreeList } from "./models/free_list.ts";
import { bellScenario, killedRingerScenario, REAL_PROTOCOL } from "./scenarios/bell.ts";
import { freeListScenario } from "./scenarios/free_list.ts";
import { DEBUG_HEAP, heapScenario, REAL_HEAP } from "./scenarios/heap.ts";
import { REAL_RING, ringScenario } from "./scenarios/ring.ts";
import { SELF_TESTS } from "./scenarios/simulator.ts";
import { slotsScenario } from "./scenarios/slots.ts";

/** Code that is meant to be right: no seed may fail. */
export const SCENARIOS: readonly Scenario[] = [
  ringScenario("ring", REAL_RING),
  bellScenario("bell", REAL_PROTOCOL),
  killedRingerScenario("bell.killed_ringer"),
  heapScenario("heap", REAL_HEAP),
  heapScenario("debug_heap", DEBUG_HEAP),
  slotsScenario("slots", () => new PortSlots()),
  freeListScenario("free_list", (words) => new FreeList(words)),
];

/** Code that is broken on purpose: some seed must fail. */
export const CANARIES: readonly Scenario[] = [
  ringScenario("ring.early_tail", EARLY_TAIL),
  ringScenario("ring.early_head", EARLY_HEAD),
  bellScenario("bell.late_prepare", LATE_PREPARE),
  bellScenario("bell.early_ring", EARLY_RING),
  bellScenario("bell.late_epoch", LATE_EPOCH),
  heapScenario("heap.look_then_take", LOOK_THEN_TAKE_HEAP),
  heapScenario("heap.early_look", EARLY_LOOK_HEAP),
  slotsScenario("slots.no_generations", () => new NoGenerations()),
  freeListScenario("free_list.tagless", (words) => new Tagless(words)),
];

const ALL = [...SCENARIOS, ...CANARIES, ...SELF_TESTS];

export function findScenario(name: string): Scenario {
  const scenario = ALL.find((candidate) => candidate.name === name);
  if (scenario !== undefined) return scenario;
  throw new Error(`no scenario is called ${name}; there are ${ALL.map((s) => s.name).join(", ")}`);
}
