/**
 * Every fault of `tests_faulty` with what its caller must see. One table for all transports and
 * numbers of workers.
 */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import type { Client } from "../modules/faulty/faulty_client.ts";
import { Fault } from "../modules/faulty/faulty_tasks.ts";
import type { ErrorLine } from "./lines.ts";

const HERE = DomainQuery.getLocalId();

/** A call that must fail. */
export interface FaultCase {
  readonly name: string;
  readonly code: string;
  readonly message: RegExp;
  readonly hint: RegExp;
  /** The stack names the module's file. */
  readonly stack?: true;
  call(client: Client, session: Session): Promise<unknown>;
}

const CHILD_LANES = 4;

/** Calls of `fail`. */
function fault(
  kind: Fault,
  name: string,
  code: string,
  message: RegExp,
  hint: RegExp,
  stack?: true,
): FaultCase {
  const call = (client: Client) => client.fail(HERE, kind, 1);
  return { name, code, message, hint, call, ...stack === true ? { stack } : {} };
}

const STACK_HINT = /the stack names the line in the module/;
const EXIT_HINT = /must not end the process/;

export const FAULT_CASES: readonly FaultCase[] = [
  fault(
    Fault.throwsError,
    "throws an error",
    "CHI-3004",
    /^tests_faulty\.kFail: the handler threw an error$/,
    STACK_HINT,
    true,
  ),
  fault(
    Fault.throwsString,
    "throws a string",
    "CHI-3004",
    /^tests_faulty\.kFail: the handler threw a string$/,
    STACK_HINT,
  ),
  fault(Fault.throwsNull, "throws null", "CHI-3004", /^tests_faulty\.kFail: null$/, STACK_HINT),
  fault(
    Fault.throwsOwnCode,
    "throws an error with a code",
    "CHI-6002",
    /^read a block: its sum is wrong$/,
    /damaged/,
    true,
  ),
  fault(
    Fault.throwsLongText,
    "throws more text than a record holds",
    "CHI-3004",
    /^tests_faulty\.kFail: a long text: /,
    STACK_HINT,
    true,
  ),
  fault(
    Fault.rejects,
    "rejects",
    "CHI-3004",
    /^tests_faulty\.kFail: the handler rejected$/,
    STACK_HINT,
    true,
  ),
  fault(
    Fault.rejectsLater,
    "rejects after a wait",
    "CHI-3004",
    /^tests_faulty\.kFail: the handler rejected later$/,
    STACK_HINT,
    true,
  ),
  fault(Fault.denoExit, "calls Deno.exit", "CHI-4010", /Deno\.exit/, EXIT_HINT, true),
  fault(Fault.processExit, "calls process.exit", "CHI-4010", /process\.exit/, EXIT_HINT, true),
  fault(Fault.importedExit, "calls exit of node:process", "CHI-4010", /exit/, EXIT_HINT, true),
  fault(Fault.selfClose, "calls self.close", "CHI-4010", /self\.close/, EXIT_HINT, true),
  fault(
    Fault.recursesForEver,
    "recurses for ever",
    "CHI-3004",
    /^tests_faulty\.kFail: .*call stack/i,
    STACK_HINT,
    true,
  ),
  fault(
    Fault.bareStub,
    "uses a stub without in(rctx)",
    "CHI-3008",
    /no current task/,
    /in\(rctx\)/,
    true,
  ),
  fault(
    Fault.waitsInHandler,
    "blocks for a subtask",
    "CHI-3007",
    /blocking a lane/,
    /await task\.wait\(\)/,
    true,
  ),
  fault(
    Fault.stopsNode,
    "stops the node",
    "CHI-4013",
    /^control the node from tests_faulty: /,
    /send it a task/,
    true,
  ),
  {
    name: "reports a size above its capacity",
    code: "CHI-3003",
    message: /data: .*101 bytes.*100/,
    hint: /destination of at least/,
    call: async (client, session) => {
      using block = session.alloc(100);
      await client.overflow(HERE, block, 1);
    },
  },
  {
    name: "reads a file that is not there",
    code: "CHI-3004",
    message: /^tests_faulty\.kReadFile: .*no-such-file/,
    hint: STACK_HINT,
    call: (client) => client.readFile(HERE, "/no-such-file", 1),
  },
  {
    name: "fills the node's heap",
    code: "CHI-2001",
    message: /^allocate \d+ bytes: /,
    hint: /free blocks/,
    call: (client) => client.exhaust(HERE, 1),
  },
  ...Array.from({ length: CHILD_LANES }, (_, lane): FaultCase => ({
    name: `awaits a subtask of lane ${lane} that throws`,
    code: "CHI-3004",
    message: /^tests_faulty\.kFail: the handler threw an error$/,
    hint: STACK_HINT,
    stack: true,
    call: (client) => client.call(HERE, { targetLane: lane, fault: Fault.throwsError }),
  })),
  {
    name: "awaits a subtask of a pool that is not there",
    code: "CHI-4001",
    message: /no pool has id 999/,
    hint: /create the pool/,
    call: (client) => client.call(HERE, { pool: 999 }),
  },
];

/** Faults of a handler that its caller does not see. */
export const SILENT_FAULTS: readonly Fault[] = [
  Fault.floatingRejection,
  Fault.floatingThrow,
  Fault.exitLater,
];

/** What came of a call that must fail. */
export interface SeenFault {
  readonly name: string;
  readonly error: ErrorLine | null;
}

/** Fails unless it is what the table says. */
export function expectFault({ name, error }: SeenFault): void {
  const wanted = FAULT_CASES.find((known) => known.name === name)!;
  assert.ok(error !== null, `${name}: no error`);
  assert.equal(error.code, wanted.code, `${name}: ${error.message}`);
  assert.match(error.message, wanted.message, name);
  assert.match(error.hint, wanted.hint, name);
  if (wanted.stack) assert.match(error.stack, /faulty_runtime\.ts:\d+/, name);
}
