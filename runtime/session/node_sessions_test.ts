/** Sessions of a node, with workers that a test plays. */

import assert from "node:assert/strict";
import { ChimaeraError, type ErrorName } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { Heap, Segment, SegmentKind } from "../memory/mod.ts";
import { NodeSessions } from "./node_sessions.ts";

/** Sessions of a node whose worker does everything but close one. */
function sessionsThatFail(kind: ErrorName): NodeSessions {
  const error = new ChimaeraError(kind, { what: "close a session", why: "a test wants it" });
  const node = Segment.create({
    id: 1,
    kind: SegmentKind.node,
    sizeBytes: 4 << 20,
    workers: 1,
    private: true,
  });
  return new NodeSessions({
    workers: 1,
    ask: (_worker, { kind }) =>
      kind === "closeSession" ? Promise.reject(error) : Promise.resolve(null),
    handOver: () => {},
    memoryBytesMax: LIMITS.sessionBytesMin,
    node,
    heap: new Heap(node),
    place: () => ({ private: true }),
  });
}

Deno.test("node sessions: one that closes when its node ends is gone with it", async () => {
  const sessions = sessionsThatFail("shutdown");
  const { id } = await sessions.open("a test", LIMITS.sessionBytesMin, () => {});
  await sessions.close(id);
  await sessions.close(id);
});

Deno.test("node sessions: what else keeps one from closing is told to whoever closes it", async () => {
  const sessions = sessionsThatFail("internal");
  const { id } = await sessions.open("a test", LIMITS.sessionBytesMin, () => {});
  await assert.rejects(sessions.close(id), { code: "CHI-1901" });
});

Deno.test("node sessions: who names no size gets what is left, and no less than is of use", async () => {
  const node = Segment.create({
    id: 1,
    kind: SegmentKind.node,
    sizeBytes: 4 << 20,
    workers: 1,
    private: true,
  });
  const sessions = new NodeSessions({
    workers: 1,
    ask: () => Promise.resolve(null),
    handOver: () => {},
    memoryBytesMax: (360 << 20) + 100,
    node,
    heap: new Heap(node),
    place: () => ({ private: true }),
  });
  assert.equal(sessions.fittingBytes, LIMITS.sessionBytesDefault);
  await sessions.open("a test", sessions.fittingBytes, () => {});
  assert.equal(sessions.fittingBytes, 104 << 20);
  const { id } = await sessions.open("a test", sessions.fittingBytes, () => {});
  assert.equal(sessions.fittingBytes, LIMITS.sessionBytesMin);
  await assert.rejects(sessions.open("a test", sessions.fittingBytes, () => {}), {
    code: "CHI-2007",
  });
  await sessions.close(id);
  assert.equal(sessions.fittingBytes, 104 << 20);
});
