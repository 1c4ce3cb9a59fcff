/**
 * A thread of the interleaving simulator: it plays the same part in run after run.
 *
 * It takes one message (what to play), says that it is ready or why it is not, and from then on is reached through the
 * control words only, until its turn says that the simulation is closed.
 */

import { pinThread } from "./libc.ts";
import { Control, RUN } from "./interleave_control.ts";
import { ThreadEnded, TokenInterleaver } from "./interleave_token.ts";
import {
  randomOf,
  READY,
  type Scenario,
  type ScenarioModule,
  type Stage,
  type ThreadStart,
} from "./interleave_scenario.ts";
import { setInterleaver } from "./shared.ts";

self.onmessage = async (event: MessageEvent<ThreadStart>) => {
  const start = event.data;
  let scenario: Scenario;
  try {
    const { findScenario } = await import(start.moduleUrl) as ScenarioModule;
    scenario = findScenario(start.scenarioName);
  } catch (error) {
    self.postMessage(textOf(error));
    return;
  }
  if (start.cpu >= 0) pinThread(start.cpu);
  self.postMessage(READY);
  play(start, scenario);
  self.postMessage("closed");
};

function play(start: ThreadStart, scenario: Scenario): void {
  const control = new Control(start.control, scenario.threads);
  const { index, memory, notes } = start;
  const mortal = scenario.mortalThreads?.includes(index) ?? false;
  const token = new TokenInterleaver(control, index, memory.buffer, mortal);
  setInterleaver(token);
  while (token.awaitTurn()) {
    const seed = control.words[RUN.seed]!;
    const stage: Stage = { memory, notes: new Int32Array(notes), seed };
    try {
      scenario.run(stage, {
        index,
        random: randomOf(seed, index + 1),
        pause: () => token.pause(),
        record: (value) => control.record(value),
        fail: (why) => token.fail(`thread ${index}: ${why}`),
      });
    } catch (thrown) {
      if (!(thrown instanceof ThreadEnded)) control.fail(`thread ${index}: ${textOf(thrown)}`);
    }
    token.end();
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
