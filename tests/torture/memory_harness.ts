/** What the tests of the memory layer share: other processes, errors by name, segments to use up. */

import assert from "node:assert/strict";
import { ChimaeraError, type ErrorName } from "../../runtime/errors.ts";
import { Segment, SegmentKind } from "../../runtime/memory/mod.ts";

const MEMORY_DOOR = new URL("../../runtime/memory/mod.ts", import.meta.url).href;

/** Asserts that `call` throws the error of the name, and returns it. */
export function throwsError(kind: ErrorName, call: () => unknown): ChimaeraError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ChimaeraError, `${error}`);
    assert.equal(error.kind, kind, error.message);
    return error;
  }
  assert.fail(`no ${kind}`);
}

/** A segment that is given back at the end of the scope. */
export function newSegment(
  sizeBytes: number,
  options: { kind?: SegmentKind; private?: boolean; id?: number } = {},
): Segment & Disposable {
  const { kind = SegmentKind.session, id = 1 } = options;
  const segment = Segment.create({
    id,
    kind,
    sizeBytes,
    workers: 2,
    private: options.private ?? false,
  });
  return Object.assign(segment, { [Symbol.dispose]: () => segment.discard() });
}

/** What another process answered. */
export interface Answer {
  readonly code: number;
  readonly json: Record<string, unknown>;
}

/** Starts `memory_peer.ts` in another process; the result comes when it ends. */
export async function askPeer(
  command: string,
  path: string,
  ...numbers: number[]
): Promise<Answer> {
  const script = new URL("./memory_peer.ts", import.meta.url).pathname;
  const args = ["run", "-A", script, command, path, ...numbers.map(String)];
  return answerOf(await new Deno.Command(Deno.execPath(), { args }).output());
}

/** Runs lines of code that use the memory layer, in another process with the given permissions. */
export async function askProgram(body: string, permissions: readonly string[]): Promise<Answer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(
    new TextEncoder().encode(`import * as memory from "${MEMORY_DOOR}";\n${body}\n`),
  );
  await writer.close();
  return answerOf(await child.output());
}

function answerOf({ code, stdout, stderr }: Deno.CommandOutput): Answer {
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return { code, json: JSON.parse(text) };
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
