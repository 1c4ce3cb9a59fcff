import assert from "node:assert/strict";
import { checkPattern, pattern, TempFolder } from "../../tests/disk/files.ts";
import { test } from "../../tests/permission.ts";
import { askProgram } from "../../tests/torture/memory_harness.ts";
import { ChimaeraError, type ErrorName } from "../errors.ts";
import { type FileAccess, fileErrorOfNumber, PositionalFile } from "./mod.ts";

async function opensNot(path: string, kind: ErrorName, access: FileAccess = {}): Promise<void> {
  await assert.rejects(PositionalFile.open(path, access), (error) => {
    assert.ok(error instanceof ChimaeraError, `${error}`);
    assert.equal(error.kind, kind, error.message);
    assert.equal(error.what, `open ${path}`);
    return true;
  });
}

test("positional file: reads and writes at offsets", async () => {
  using folder = new TempFolder();
  const path = folder.patterned("data", 10_000);
  const file = await PositionalFile.open(path, { write: true });
  const bytes = new Uint8Array(500);
  assert.equal(file.readAt(bytes, 1234), 500);
  checkPattern(bytes, 1234);
  assert.equal(file.readAt(bytes, 9900), 100);
  assert.equal(file.readAt(bytes, 10_000), 0);
  assert.equal(file.writeAt(pattern(0, 500), 10_000), 500);
  await file.sync(false);
  await file.sync(true);
  assert.equal(file.sizeBytes, 10_500);
  file.close();
  checkPattern(Deno.readFileSync(path).subarray(10_000), 0);
});

test("positional file: shared memory is read into in place", async () => {
  using folder = new TempFolder();
  const file = await PositionalFile.open(folder.patterned("data", 4096), {});
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const bytes = new Uint8Array(memory.buffer as unknown as SharedArrayBuffer, 100, 1000);
  assert.equal(file.readAt(bytes, 50), 1000);
  checkPattern(bytes, 50);
  file.close();
});

test("positional file: what cannot be opened is told by its cause", async () => {
  using folder = new TempFolder();
  await opensNot(`${folder.path}/none`, "fileNotFound");
  await opensNot(folder.path, "fileIsDirectory", { write: true });
  await opensNot(`${folder.patterned("data", 1)}/below`, "fileIo");
  const made = await PositionalFile.open(`${folder.path}/made`, { create: true });
  assert.equal(made.sizeBytes, 0);
  made.close();
});

test("positional file: errors of a file say what was tried", async () => {
  using folder = new TempFolder();
  const path = folder.patterned("data", 1);
  const file = await PositionalFile.open(path, {});
  assert.throws(() => file.writeAt(new Uint8Array(1), 0), {
    code: "CHI-1106",
    what: `write ${path}`,
    why: /EBADF/,
  });
  file.close();
});

test("positional file: the runtime's permissions hold", async () => {
  const door = new URL("./mod.ts", import.meta.url).href;
  const { json } = await askProgram(
    `import { PositionalFile } from "${door}";
     const error = await PositionalFile.open("/etc/hostname", {}).catch((error) => error);
     console.log(JSON.stringify({ kind: error.kind, why: error.why }));`,
    ["--allow-read=.", "--allow-env"],
  );
  assert.equal(json.kind, "fileUnreadable");
  assert.match(String(json.why), /read access/);
});

Deno.test("positional file: the system's numbers have codes of ours", () => {
  assert.equal(fileErrorOfNumber("write a", 28).code, "CHI-1105");
  assert.equal(fileErrorOfNumber("write a", 122).code, "CHI-1105");
  assert.equal(fileErrorOfNumber("open a", 13).code, "CHI-1102");
  assert.equal(fileErrorOfNumber("read a", 5).code, "CHI-1106");
  assert.match(fileErrorOfNumber("read a", 5).message, /^read a: EIO, the device failed/);
  assert.match(fileErrorOfNumber("read a", 4095).message, /errno 4095$/);
});
