import assert from "node:assert/strict";
import { throwsError } from "../../tests/torture/memory_harness.ts";
import { test } from "../../tests/permission.ts";
import { ChimaeraError } from "../errors.ts";
import {
  closeFile,
  connectDoorbell,
  Doorbell,
  FrameConnection,
  FrameListener,
  ringDoorbell,
} from "./mod.ts";

const FRAME_MAX = 1 << 20;

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-sockets-" });
  try {
    await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A frame as the receiver saw it. */
interface Seen {
  readonly type: number;
  readonly payload: number[];
}

/** The last frame of those that a test sends. */
const LAST = 99;

/** A listener, and the promise of the frames that come before the last one or the end. */
function receiver(path: string): { frames: Promise<Seen[]>; close(): void } {
  const listener = new FrameListener(path, FRAME_MAX);
  const seen: Seen[] = [];
  const { promise: frames, resolve } = Promise.withResolvers<Seen[]>();
  void listener.accept((connection) => {
    void connection.receive(
      (type, payload) => {
        if (type === LAST) resolve(seen);
        else seen.push({ type, payload: [...payload] });
      },
      () => resolve(seen),
    );
  });
  return { frames, close: () => listener.close() };
}

function frame(type: number, payload: readonly number[]): number[] {
  const sizeBytes = payload.length + 1;
  return [sizeBytes & 0xff, sizeBytes >> 8, 0, 0, type, ...payload];
}

test("doorbell: it hears a ring of another thread's making, and hears until it is closed", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/bell`;
    const doorbell = new Doorbell(path);
    let heard = () => {};
    doorbell.onRing(() => heard());
    const fd = connectDoorbell(path);
    for (let k = 0; k < 3; k++) {
      const rung = new Promise<void>((resolve) => heard = resolve);
      ringDoorbell(fd);
      const alive = setInterval(() => {}, 1000); // A doorbell does not keep a program alive.
      await rung;
      clearInterval(alive);
    }
    doorbell.close();
    closeFile(fd);
    assert.equal(connectDoorbell(path), -1);
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  });
});

test("frames: they arrive whole and in order, from parts of any size", async () => {
  await withFolder(async (folder) => {
    const { frames, close } = receiver(`${folder}/frames`);
    const connection = await FrameConnection.connect(`${folder}/frames`, FRAME_MAX);
    connection.send(1);
    connection.send(2, new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3]));
    const large = new Uint8Array(300_000).map((_, k) => k & 0xff);
    connection.send(3, large);
    connection.send(LAST);
    assert.deepEqual(await frames, [
      { type: 1, payload: [] },
      { type: 2, payload: [1, 2, 3] },
      { type: 3, payload: [...large] },
    ]);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    void connection.receive(() => {}, resolve);
    connection.close();
    await ended;
    connection.send(1); // After the end it goes nowhere, and harms nobody.
    close();
  });
});

test("frames: cut at any byte, a stream gives the same frames", async () => {
  await withFolder(async (folder) => {
    const bytes = new Uint8Array([...frame(7, [1, 2, 3]), ...frame(8, []), ...frame(9, [4])]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { frames, close } = receiver(`${folder}/cut`);
      const connection = await Deno.connect({ transport: "unix", path: `${folder}/cut` });
      await connection.write(bytes.subarray(0, cut));
      await new Promise((done) => setTimeout(done, 0));
      await connection.write(bytes.subarray(cut));
      connection.close();
      assert.deepEqual(await frames, [
        { type: 7, payload: [1, 2, 3] },
        { type: 8, payload: [] },
        { type: 9, payload: [4] },
      ], `cut at ${cut}`);
      close();
    }
  });
});

test("frames: one that is too large, without a type, or cut short ends the connection", async () => {
  await withFolder(async (folder) => {
    const wrong = [
      [0xff, 0xff, 0xff, 0xff, 1],
      [2, 0, 0x10, 0, 1], // One byte above the largest.
      [0, 0, 0, 0, 1],
      frame(1, [1, 2, 3]).slice(0, -1),
      [1, 0],
    ];
    for (const bytes of wrong) {
      const { frames, close } = receiver(`${folder}/wrong`);
      const connection = await Deno.connect({ transport: "unix", path: `${folder}/wrong` });
      await connection.write(new Uint8Array([...frame(5, [6]), ...bytes]));
      await connection.closeWrite();
      assert.deepEqual(await frames, [{ type: 5, payload: [6] }], `${bytes}`);
      assert.equal(await connection.read(new Uint8Array(1)), null);
      connection.close();
      close();
    }
  });
});

test("frames: nobody at the path is an error with a code", async () => {
  await assert.rejects(FrameConnection.connect("/nowhere/socket", FRAME_MAX), (error) => {
    assert.ok(error instanceof ChimaeraError);
    throwsError("connectFailed", () => {
      throw error;
    });
    return true;
  });
});
