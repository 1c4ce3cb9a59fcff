/** docs/memory_layout.md says the numbers and layouts that the runtime has. */

import assert from "node:assert/strict";
import { LIMITS } from "chimaera";
import { CreatePoolTask, GetPoolIdTask, StopRuntimeTask } from "../../chimods/admin/admin_tasks.ts";
import { IoTask, MdTask } from "../../chimods/small_message/small_message_tasks.ts";
import {
  LAYOUT_VERSION,
  LINE_BYTES,
  PORT_TABLE_OFFSET,
  ringBytes,
  SEGMENT_MAGIC,
} from "../../runtime/memory/mod.ts";
import { FRAME_BYTES_MAX } from "../../runtime/session/protocol.ts";
import { PROTOCOL_VERSION } from "../../runtime/session/mod.ts";
import { ABORT_POOL, COMPLETION_WORDS, DESCRIPTOR_WORDS, fnv1a } from "../../runtime/task/mod.ts";
import { test } from "../permission.ts";

const DOCUMENT = new URL("../../docs/memory_layout.md", import.meta.url);

const NUMBERS: Readonly<Record<string, number>> = {
  PROTOCOL_VERSION,
  LAYOUT_VERSION,
  SEGMENT_MAGIC,
  SEGMENT_BYTES_MAX: LIMITS.segmentBytesMax,
  SESSION_BYTES_MIN: LIMITS.sessionBytesMin,
  FRAME_BYTES_MAX,
  RESERVED_BYTES: LIMITS.segmentReservedBytes,
  PORT_TABLE: PORT_TABLE_OFFSET,
  PORTS_PER_SESSION: LIMITS.portsPerSession,
  PORT_SLOTS: LIMITS.slotsPerPort,
  SLOT_BYTES: LIMITS.slotBytes,
  ERROR_RECORD_BYTES: LIMITS.errorRecordBytes,
  TASK_FIELDS_BYTES_MAX: LIMITS.taskFieldsBytesMax,
  DESCRIPTOR_WORDS,
  COMPLETION_WORDS,
  SUBMISSION_RING_BYTES: ringBytes(LIMITS.slotsPerPort, DESCRIPTOR_WORDS),
  COMPLETION_RING_BYTES: ringBytes(LIMITS.slotsPerPort, COMPLETION_WORDS),
  BELL_LINE_BYTES: LINE_BYTES,
  LOOK_AROUND_MS: LIMITS.sleepMs,
  WORKERS_MAX: LIMITS.workersMax,
  ABORT_POOL,
};

const TASKS = {
  CreatePool: CreatePoolTask,
  GetPoolId: GetPoolIdTask,
  StopRuntime: StopRuntimeTask,
  Md: MdTask,
  Io: IoTask,
};

test("memory layout document: its numbers are the runtime's", () => {
  const rows = Deno.readTextFileSync(DOCUMENT).matchAll(/^\| ([A-Z_]+) +\| (\w+) +\|$/gm);
  const said = Object.fromEntries(Array.from(rows, ([, name, value]) => [name, Number(value)]));
  assert.deepEqual(said, NUMBERS);
});

test("memory layout document: its layouts hash to those of the modules", () => {
  const rows = Deno.readTextFileSync(DOCUMENT).matchAll(/^ {4}([A-Z]\w+) +(\d+\|\S*)$/gm);
  const said = Object.fromEntries(Array.from(rows, ([, name, text]) => [name, fnv1a(text!)]));
  const known = Object.entries(TASKS).map(([name, type]) => [name, type.layout.hash]);
  assert.deepEqual(said, Object.fromEntries(known));
});
