import assert from "node:assert/strict";
import { acceptAll } from "./accepting.ts";

/** A listener whose answers are these, one after the other. */
function listenerOf(answers: readonly (Deno.UnixConn | Error)[]) {
  const left = [...answers];
  return {
    left,
    accept(): Promise<Deno.UnixConn> {
      const answer = left.shift()!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const connection = {} as Deno.UnixConn;
const closed = new Deno.errors.BadResource();

Deno.test("accepting: a lack of descriptors, or a caller that has gone, is no end", async () => {
  const codes = ["EMFILE", "ENFILE", "ECONNABORTED", "ENOMEM", "EMFILE"];
  const listener = listenerOf([
    ...codes.flatMap((code) => [systemError(code), connection]),
    closed,
  ]);
  let taken = 0;
  const alive = setTimeout(() => {}, 60_000); // Waiting for a descriptor does not keep a program alive.
  await acceptAll(listener, () => void taken++);
  clearTimeout(alive);
  assert.equal(taken, codes.length);
  assert.equal(listener.left.length, 0);
});

Deno.test("accepting: the next connection is taken when the one before it is dealt with", async () => {
  const listener = listenerOf([connection, connection, closed]);
  const order: string[] = [];
  await acceptAll(listener, async () => {
    order.push("begin");
    await new Promise((resolve) => setTimeout(resolve, 0));
    order.push("end");
  });
  assert.deepEqual(order, ["begin", "end", "begin", "end"]);
});

Deno.test("accepting: what no later try mends is thrown", async () => {
  const listener = listenerOf([connection, systemError("EBADF"), connection]);
  let taken = 0;
  await assert.rejects(acceptAll(listener, () => void taken++), { code: "EBADF" });
  assert.equal(taken, 1);
});
