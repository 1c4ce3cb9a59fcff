/** Scenarios that put the simulator itself to the test; their names say what must come of them. */

import type { Scenario, SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";
import {
  load,
  type SharedWords,
  store,
  wait,
  WaitResult,
  wake,
} from "../../../runtime/platform/mod.ts";

const WORD = 3;

function wordsOf(stage: Stage): SharedWords {
  return { i32: new Int32Array(stage.memory.buffer), address: 0 };
}

function selfTest(
  name: string,
  run: (words: SharedWords, thread: SimulatedThread, stage: Stage) => void,
  options: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    threads: 2,
    memoryBytes: 65536,
    timeoutsFail: false,
    reset: (stage) => void new Int32Array(stage.memory.buffer).fill(0),
    run: (stage, thread) => run(wordsOf(stage), thread, stage),
    check() {},
    ...options,
  };
}

/** Thread 0 waits 30 ms, thread 1 10 ms and then 10 ms again: 1, 1, 0 is the order. */
function sleepInTurn(words: SharedWords, thread: SimulatedThread, stage: Stage): void {
  for (const ms of thread.index === 0 ? [30] : [10, 10]) {
    const result = wait(words, WORD + thread.index, 0, ms);
    if (result !== WaitResult.timedOut) thread.fail(`woken by nobody: ${result}`);
    stage.notes[1 + stage.notes[0]!++] = thread.index;
  }
}

export const SELF_TESTS: readonly Scenario[] = [
  selfTest("simulator.timeouts_in_order", (words, thread, stage) => {
    if (stage.seed % 4 === 0) sleepInTurn(words, thread, stage);
  }, {
    check(stage) {
      const order = [...stage.notes.subarray(1, 1 + stage.notes[0]!)].join();
      if (order !== "" && order !== "1,1,0") throw new Error(`fired in the order ${order}`);
    },
  }),
  selfTest("simulator.timeout_needed", (words, thread) => {
    if (thread.index === 0) wait(words, WORD, 0, 100);
  }, { timeoutsFail: true }),
  selfTest("simulator.change_wakes_nobody", (words, thread) => {
    if (thread.index === 0) wait(words, WORD, 0, Infinity);
    else while (load(words.i32, WORD) === 0) store(words.i32, WORD, 1);
  }),
  selfTest("simulator.changed_word", (words, thread) => {
    if (wait(words, WORD, 1, Infinity) !== WaitResult.changed) thread.fail("it slept");
  }),
  selfTest("simulator.wake_reaches_all", (words, thread) => {
    if (thread.index < 2) {
      while (load(words.i32, WORD) === 0) wait(words, WORD, 0, Infinity);
    } else {
      store(words.i32, WORD, 1);
      wake(words, WORD);
    }
  }, { threads: 3, timeoutsFail: true }),
  selfTest("simulator.endless", (words) => {
    while (load(words.i32, WORD) === 0);
  }, { stepsMax: 500 }),
  selfTest("simulator.throws", (words, thread) => {
    load(words.i32, WORD);
    if (thread.index === 1) throw new RangeError("on purpose");
    while (load(words.i32, WORD) === 0) thread.pause();
  }),
  selfTest("simulator.foreign_memory", () => {
    load(new Int32Array(new SharedArrayBuffer(64)), 0);
  }),
  selfTest("simulator.killed", (words, thread, stage) => {
    if (thread.index === 0) return;
    for (let k = 0; k < 100; k++) {
      try {
        store(words.i32, WORD, k);
        stage.notes[0] = k;
      } finally {
        load(words.i32, WORD); // A killed thread does nothing more, not even here.
        stage.notes[1] = k;
      }
    }
  }, {
    mortalThreads: [1],
    check(stage) {
      if (stage.notes[1]! > stage.notes[0]!) throw new Error("it ran on after it was killed");
    },
  }),
];
