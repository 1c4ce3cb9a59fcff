/** Starts simulations of the registry's scenarios, all threads on one processor. */

import { type Scenario, Simulation } from "../../runtime/platform/interleave.ts";

export function startSimulation(scenario: Scenario): Promise<Simulation> {
  const moduleUrl = new URL("./registry.ts", import.meta.url).href;
  return Simulation.start({ moduleUrl, scenario, cpu: Deno.pid % navigator.hardwareConcurrency });
}
