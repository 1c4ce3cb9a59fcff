/**
 * All scenarios of the interleaving simulator, by name. To add one, write a file beside the others
 * in `scenarios/` and a line here; if the thing under test can be broken in a way worth finding,
 * break it in `canaries/` and add a line there too.
 */

import type { Scenario } from "../../runtime/platform/interleave.ts";
import { EARLY_RING, LATE_EPOCH, LATE_PREPARE } from "./canaries/bells.ts";
import { EARLY_LOOK_HEAP, LOOK_THEN_TAKE_HEAP } from "./canaries/heaps.ts";
import { EARLY_SLOT, LOST_WAKE, NO_GENERATIONS } from "./canaries/ports.ts";
import { EARLY_HEAD, EARLY_TAIL } from "./canaries/rings.ts";
import { bellScenario, killedRingerScenario, REAL_PROTOCOL } from "./scenarios/bell.ts";
import { DEBUG_HEAP, heapScenario, REAL_HEAP } from "./scenarios/heap.ts";
import { portScenario, REAL_PORT } from "./scenarios/port.ts";
import { REAL_RING, ringScenario } from "./scenarios/ring.ts";
import { SELF_TESTS } from "./scenarios/simulator.ts";

/** Code that is meant to be right: no seed may fail. */
export const SCENARIOS: readonly Scenario[] = [
  ringScenario("ring", REAL_RING),
  bellScenario("bell", REAL_PROTOCOL),
  killedRingerScenario("bell.killed_ringer"),
  heapScenario("heap", REAL_HEAP),
  heapScenario("debug_heap", DEBUG_HEAP),
  portScenario("port", REAL_PORT),
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
  portScenario("port.no_generations", NO_GENERATIONS),
  portScenario("port.early_slot", EARLY_SLOT),
  portScenario("port.lost_wake", LOST_WAKE),
];

const ALL = [...SCENARIOS, ...CANARIES, ...SELF_TESTS];

export function findScenario(name: string): Scenario {
  const scenario = ALL.find((candidate) => candidate.name === name);
  if (scenario !== undefined) return scenario;
  throw new Error(`no scenario is called ${name}; there are ${ALL.map((s) => s.name).join(", ")}`);
}
