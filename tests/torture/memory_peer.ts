/**
 * Another process for the tests of the memory layer: it opens a segment by path, does one thing
 * with it, and prints one JSON line.
 *
 *   memory_peer.ts COMMAND PATH [NUMBER …]
 */

import {
  Bell,
  BELL_LINES,
  BellState,
  ringBell,
  RingConsumer,
  RingProducer,
  Segment,
  SegmentKind,
} from "../../runtime/memory/mod.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { WaitResult } from "../../runtime/platform/mod.ts";
import { wait, wake } from "../../runtime/platform/mod.ts";

const RING = { baseWord: 65536, capacity: 16, slotWords: 16 } as const;

function open(path: string, kind: SegmentKind = SegmentKind.session): Segment {
  return Segment.open(path, 1, kind, true);
}

function say(value: unknown): void {
  console.log(JSON.stringify(value));
}

const COMMANDS: Readonly<Record<string, (path: string, numbers: readonly number[]) => void>> = {
  /** Reads one word, writes another. */
  exchange(path, [readWord, writeWord, value]) {
    const segment = open(path);
    const found = segment.i32[readWord!];
    segment.i32[writeWord!] = value!;
    say({ found, backing: segment.backing, path: segment.path(), size: segment.sizeBytes });
  },
  /** Waits for a word, by futex. */
  wait(path, [word, expected]) {
    const { words } = open(path);
    words.i32[word! + 1] = 1; // About to sleep.
    const result = wait(words, word!, expected!, 10_000);
    say({ woken: result !== WaitResult.timedOut });
  },
  /** Changes a word and wakes whoever sleeps on it. */
  wake(path, [word, value]) {
    const { words } = open(path);
    words.i32[word!] = value!;
    wake(words, word!);
    say({});
  },
  /** Sleeps on a bell line. */
  sleep(path, [line]) {
    const bell = new Bell(open(path, SegmentKind.bell).words, line!);
    bell.prepare(BellState.futex);
    say({ lines: BELL_LINES, timedOut: bell.sleep(10_000) });
    bell.finish();
  },
  /** Rings a bell line until somebody was asleep there. */
  ring(path, [line]) {
    const { words } = open(path, SegmentKind.bell);
    let rings = 1;
    while (ringBell(words, line!) === BellState.awake) rings++;
    say({ rung: true });
  },
  /** Sends numbers through a ring. */
  produce(path, [count]) {
    const { i32 } = open(path);
    const ring = new RingProducer(i32, RING);
    for (let k = 0; k < count!;) {
      const slot = ring.claim();
      if (slot < 0) continue;
      i32.fill(k, slot, slot + RING.slotWords);
      ring.commit();
      if (++k % 5 === 0) ring.publish();
    }
    ring.publish();
    say({});
  },
  /** Adds up numbers from a ring. */
  consume(path, [count]) {
    const { i32 } = open(path);
    const ring = new RingConsumer(i32, RING);
    let sum = 0;
    for (let k = 0; k < count!;) {
      for (let n = ring.available(); n > 0; n--, k++) sum += i32[ring.next() + 7]!;
      ring.release();
    }
    say({ sum });
  },
};

const [command = "", path = "", ...numbers] = Deno.args;
try {
  COMMANDS[command]!(path, numbers.map(Number));
} catch (error) {
  if (!(error instanceof ChimaeraError)) throw error;
  say({ code: error.code, why: error.why });
  Deno.exitCode = 1;
}
