/**
 * Calls of every kind with their results as plain data, which must be the same whatever carries
 * them.
 */

import { type Block, DomainQuery, type Session } from "chimaera";
import type { Client } from "../modules/faulty/faulty_client.ts";
import { errorLine } from "./lines.ts";

const HERE = DomainQuery.getLocalId();

/** Results by name of the call. */
export type CallResults = Record<string, unknown>;

/** Makes all the calls. */
export async function makeCalls(client: Client, session: Session): Promise<CallResults> {
  const results: CallResults = {};
  results.ok = await client.ok(HERE, 41);
  results.large = await client.ok(HERE, Number.MAX_SAFE_INTEGER - 1);
  for (const [name, values] of Object.entries(ECHOES)) {
    results[`echo ${name}`] = await echo(client, values);
  }
  for (const sizeBytes of [0, 1, 63, 4096, 70_000, 3 << 20]) {
    results[`transform ${sizeBytes}`] = await transform(client, session, sizeBytes);
  }
  results.subtasks = await client.call(HERE, { targetLane: 2, count: 50, together: true });
  const other = new (client.constructor as new (session: Session) => Client)(session);
  await other.create(HERE, HERE, "another pool");
  results.otherPool = await client.call(HERE, { pool: other.poolId, targetLane: 1, count: 20 });
  results.pipelined = await pipeline(client);
  results.readFile = await client.readFile(HERE, "/dev/null");
  results.badField = await failure(() => client.ok(HERE, -1));
  results.badText = await failure(() => echo(client, { ...ECHOES.zero, text: "x".repeat(65) }));
  results.overCapacity = await failure(async () => {
    using block = session.alloc(10);
    using task = client.asyncTransform(HERE, { both: block, bothSize: 11, bothCapacity: 10 });
    await task.wait();
  });
  results.overflow = await failure(async () => {
    using block = session.alloc(100);
    await client.overflow(HERE, block);
  });
  results.timeout = await failure(async () => {
    using task = client.asyncSleep(HERE, { ms: 300 });
    await task.wait({ timeoutMs: 20 });
  });
  results.aborted = await failure(async () => {
    using task = client.asyncSleep(HERE, { ms: 300 });
    await task.wait({ signal: AbortSignal.timeout(20) });
  });
  results.noPool = await failure(() => client.call(HERE, { pool: 12345 }));
  return results;
}

/** Code and message of a call that fails; null when it does not. */
async function failure(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return null;
  } catch (thrown) {
    const { code, message, hint } = errorLine(thrown);
    return { code, message, hint };
  }
}

/** Values of the echo task; bigints as text. */
interface EchoValues {
  readonly flag: boolean;
  readonly tiny: number;
  readonly small: number;
  readonly whole: number;
  readonly large: number;
  readonly huge: string;
  readonly half: number;
  readonly real: number;
  readonly text: string;
  readonly raw: readonly number[];
  readonly list: readonly number[];
  readonly inner: { readonly a: number; readonly b: number };
}

const ECHOES: Record<"zero" | "small" | "edge" | "odd", EchoValues> = {
  zero: {
    flag: false,
    tiny: 0,
    small: 0,
    whole: 0,
    large: 0,
    huge: "0",
    half: 0,
    real: 0,
    text: "",
    raw: [],
    list: [],
    inner: { a: 0, b: 0 },
  },
  small: {
    flag: true,
    tiny: -1,
    small: 7,
    whole: -7,
    large: -70_000_000_000,
    huge: "1",
    half: 0.5,
    real: -2.25,
    text: "text",
    raw: [1, 2, 3],
    list: [-1, 2],
    inner: { a: 9, b: 1e300 },
  },
  edge: {
    flag: true,
    tiny: -128,
    small: 65535,
    whole: -2147483648,
    large: Number.MIN_SAFE_INTEGER,
    huge: "18446744073709551615",
    half: 3.4028234663852886e38,
    real: Number.MIN_VALUE,
    text: "ü€😀".repeat(7),
    raw: Array.from({ length: 32 }, (_, k) => 255 - k),
    list: [32767, -32768, 0, 1, -1, 2, -2, 3],
    inner: { a: 255, b: -0 },
  },
  odd: {
    flag: false,
    tiny: 127,
    small: 1,
    whole: 2147483647,
    large: Number.MAX_SAFE_INTEGER,
    huge: "9223372036854775808",
    half: 1.5,
    real: Number.MAX_VALUE,
    text: "\u0000 \n \u2028",
    raw: [0],
    list: [1, 2, 3, 4, 5, 6, 7],
    inner: { a: 1, b: 0.1 },
  },
};

async function echo(client: Client, values: EchoValues): Promise<unknown> {
  const { raw, list, huge, ...same } = values;
  using task = client.asyncEcho(HERE, {
    ...same,
    raw: Uint8Array.from(raw),
    list: [...list],
    huge: BigInt(huge),
    count: 5,
  });
  await task.wait();
  return {
    flag: task.flagOut,
    tiny: task.tinyOut,
    small: task.smallOut,
    whole: task.wholeOut,
    large: task.largeOut,
    huge: String(task.hugeOut),
    half: task.halfOut,
    real: task.realOut,
    text: task.textOut,
    raw: [...task.rawOut],
    list: task.listOut,
    inner: { a: task.innerOut.a, b: task.innerOut.b },
    count: task.count,
  };
}

/** The echoes as they were sent: what every transport must bring back. */
export function expectedEchoes(): CallResults {
  return Object.fromEntries(
    Object.entries(ECHOES).map(([name, values]) => [`echo ${name}`, { ...values, count: 6 }]),
  );
}

async function transform(client: Client, session: Session, sizeBytes: number): Promise<unknown> {
  const room = sizeBytes + 17;
  using source = session.alloc(Math.max(1, sizeBytes));
  using target = session.alloc(room);
  using both = session.alloc(room);
  source.bytes.forEach((_, k) => source.bytes[k] = k);
  target.bytes.fill(1);
  both.bytes.fill(2);
  using task = client.asyncTransform(HERE, {
    add: 3,
    source,
    sourceSize: sizeBytes,
    target,
    targetCapacity: room,
    both,
    bothSize: sizeBytes,
    bothCapacity: room,
  });
  await task.wait();
  return {
    targetSize: task.targetSize,
    bothSize: task.bothSize,
    target: sumOf(target, sizeBytes),
    both: sumOf(both, sizeBytes),
    // What lies behind the size is nobody's business but the caller's.
    behind: [target.bytes[sizeBytes + 16], both.bytes[sizeBytes + 16]],
  };
}

/** A sum that knows the place of each byte. */
function sumOf(block: Block, sizeBytes: number): number {
  let sum = 0;
  for (let k = 0; k < sizeBytes; k++) sum = (Math.imul(sum, 31) + block.bytes[k]!) >>> 0;
  return sum;
}

async function pipeline(client: Client): Promise<number> {
  const tasks = Array.from({ length: 800 }, (_, k) => client.asyncOk(HERE, { value: k, lane: k }));
  let sum = 0;
  for (const task of tasks) {
    await task.wait();
    sum += task.result;
    task.free();
  }
  return sum;
}
