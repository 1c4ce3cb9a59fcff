import assert from "node:assert/strict";
import { askProgram, newSegment, throwsError } from "../../tests/torture/memory_harness.ts";
import { test } from "../../tests/permission.ts";
import {
  addressOf,
  closeFile,
  connectDoorbell,
  copyMemory,
  createSealedMemory,
  ffiAvailable,
  fileSize,
  isSealed,
  openFile,
  pinThread,
  releasePages,
  reserveFile,
  ringDoorbell,
  tryLock,
  unlock,
  unpinThread,
} from "./mod.ts";

const PLATFORM_DOOR = new URL("./mod.ts", import.meta.url).href;

async function withTempFile(use: (path: string) => void | Promise<void>): Promise<void> {
  const path = Deno.makeTempFileSync({ prefix: "chimaera-libc-" });
  try {
    await use(path);
  } finally {
    Deno.removeSync(path);
  }
}

/** The processors that the calling thread may run on. */
function allowedProcessors(): string {
  const status = Deno.readTextFileSync("/proc/thread-self/status");
  return /Cpus_allowed_list:\s*(\S+)/.exec(status)![1]!;
}

test("libc: a sealed memory file has its size for good", () => {
  const fd = createSealedMemory("test", 1 << 20);
  try {
    assert.ok(isSealed(fd));
    assert.equal(fileSize(fd), 1 << 20);
    throwsError("systemCall", () => reserveFile(fd, 2 << 20));
  } finally {
    closeFile(fd);
  }
  assert.match(throwsError("systemCall", () => fileSize(fd)).why, /errno 9/);
});

test("libc: a plain file is not sealed; its pages can be reserved and released", async () => {
  await withTempFile((path) => {
    const fd = openFile(path);
    assert.equal(isSealed(fd), false);
    reserveFile(fd, 65536);
    assert.equal(fileSize(fd), 65536);
    Deno.writeFileSync(path, new Uint8Array(65536).fill(1), { create: false });
    releasePages(fd, 0, 4096);
    const bytes = Deno.readFileSync(path);
    assert.equal(bytes.length, 65536);
    assert.deepEqual([bytes[4095], bytes[4096]], [0, 1]);
    closeFile(fd);
  });
});

test("libc: a call that fails names itself and the reason", () => {
  const error = throwsError("systemCall", () => openFile("/nowhere/at/all"));
  assert.equal(error.code, "CHI-7002");
  assert.equal(error.message, "open /nowhere/at/all: ENOENT, no such file (errno 2)");
});

test("libc: a lock is held by one open file at a time, or shared", async () => {
  await withTempFile((path) => {
    const [a, b] = [openFile(path), openFile(path)];
    assert.ok(tryLock(a, "exclusive"));
    assert.equal(tryLock(b, "exclusive"), false);
    assert.equal(tryLock(b, "shared"), false);
    unlock(a);
    assert.ok(tryLock(b, "shared"));
    assert.ok(tryLock(a, "shared"));
    assert.equal(tryLock(a, "exclusive"), false);
    closeFile(b);
    assert.ok(tryLock(a, "exclusive"));
    closeFile(a);
  });
});

test("libc: memory is copied between mappings", () => {
  using a = newSegment(1 << 20);
  using b = newSegment(1 << 20);
  a.u8.fill(5, 4096, 8192);
  copyMemory(b.address + 8000, a.address + 4096, 4096);
  assert.deepEqual([7999, 8000, 12095, 12096].map((at) => b.u8[at]), [0, 5, 5, 0]);
});

test("libc: the address of a view is that of its first byte", () => {
  const bytes = new Uint8Array(100);
  assert.equal(addressOf(bytes.subarray(40)), addressOf(bytes) + 40);
});

test("libc: a thread is pinned to one processor, and let go", () => {
  const before = allowedProcessors();
  try {
    assert.ok(pinThread(0));
    assert.equal(allowedProcessors(), "0");
    assert.equal(pinThread(1023), false, "there is no such processor");
    assert.equal(pinThread(1024), false, "there can be no such processor");
    assert.equal(pinThread(-1), false);
    assert.equal(allowedProcessors(), "0");
  } finally {
    assert.ok(unpinThread());
  }
  assert.equal(allowedProcessors(), before);
});

test("libc: a doorbell carries rings, and a path without a listener has none", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-bell-" });
  const path = `${folder}/bell`;
  try {
    assert.equal(connectDoorbell(path), -1);
    assert.equal(connectDoorbell(`${folder}/${"x".repeat(108)}`), -1);
    const listener = Deno.listen({ transport: "unix", path });
    const fd = connectDoorbell(path);
    assert.ok(fd >= 0);
    const connection = await listener.accept();
    assert.equal(ringDoorbell(fd), true);
    assert.equal(await connection.read(new Uint8Array(8)), 1);
    // A socket full of rings that nobody reads must not block the ringer.
    for (let k = 0; k < 100_000; k++) assert.ok(ringDoorbell(fd));
    connection.close();
    assert.equal(ringDoorbell(fd), false, "no signal, no error");
    closeFile(fd);
    listener.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

test("libc: where FFI is denied, it says so", async () => {
  assert.ok(ffiAvailable());
  const body = `
    const platform = await import("${PLATFORM_DOOR}");
    let code = "";
    try {
      platform.openFile("/dev/null");
    } catch (error) {
      code = error.code;
    }
    await platform.prefault(0, 4096);
    console.log(JSON.stringify({
      available: platform.ffiAvailable(),
      pinned: platform.pinThread(0),
      code,
    }));`;
  const { json } = await askProgram(body, ["--allow-read"]);
  assert.deepEqual(json, { available: false, pinned: false, code: "CHI-7001" });
});
