/** Sleep protocols that are wrong on purpose: each loses a wake in some order of events. */

import { Bell, BellState, ringBell } from "../../../runtime/memory/mod.ts";
import { load, store, wait } from "../../../runtime/platform/mod.ts";
import { REAL_PROTOCOL, type SleepProtocol } from "../scenarios/bell.ts";

/** Looks at the rings before it says that it sleeps, and not after. */
export const LATE_PREPARE: SleepProtocol = {
  ...REAL_PROTOCOL,
  sleepUnless(words, line, ready, timeoutMs) {
    const bell = new Bell(words, line);
    if (ready()) return;
    bell.prepare(BellState.futex);
    bell.sleep(timeoutMs);
    bell.finish();
  },
};

/** Looks at the sleeper's state before it publishes. */
export const EARLY_RING: SleepProtocol = {
  ...REAL_PROTOCOL,
  show(producer, words, line) {
    ringBell(words, line);
    producer.publish();
  },
};

const LINE_WORDS = 16;
const EPOCH = 1;

/** Reads the epoch that it waits on only after it has said that it sleeps. */
export const LATE_EPOCH: SleepProtocol = {
  ...REAL_PROTOCOL,
  sleepUnless(words, line, ready, timeoutMs) {
    const base = line * LINE_WORDS;
    store(words.i32, base, BellState.futex);
    if (!ready()) wait(words, base + EPOCH, load(words.i32, base + EPOCH), timeoutMs);
    store(words.i32, base, BellState.awake);
  },
};
