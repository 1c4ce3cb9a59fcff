import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import {
  environment,
  listFolder,
  LockFile,
  machineMemoryBytes,
  makePrivateFolder,
  ownerOf,
  processId,
  readText,
  removeAll,
  userId,
  writeText,
  writeWhole,
} from "./mod.ts";

function withFolder(use: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-files-" });
  try {
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

test("files: a lock is held by one, and free again when it is released", () => {
  withFolder((folder) => {
    const path = `${folder}/lock`;
    assert.equal(LockFile.isHeld(path), false, "there is no file");
    const lock = LockFile.take(path);
    assert.ok(lock);
    assert.equal(LockFile.take(path), null);
    assert.equal(LockFile.isHeld(path), true);
    lock.release();
    assert.equal(LockFile.isHeld(path), false);
    LockFile.take(path)!.release();
  });
});

test("files: a lock is free when its holder is killed", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-files-" });
  const door = new URL("./mod.ts", import.meta.url).href;
  const body = `
    import { LockFile } from "${door}";
    console.log(LockFile.take("${folder}/lock") !== null);
    setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", body],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "true\n");
  assert.equal(LockFile.isHeld(`${folder}/lock`), true);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assert.equal(LockFile.isHeld(`${folder}/lock`), false);
  Deno.removeSync(folder, { recursive: true });
});

test("files: a file is written whole, or not at all", () => {
  withFolder((folder) => {
    const path = `${folder}/node.json`;
    assert.equal(readText(path), null);
    writeWhole(path, "one");
    writeWhole(path, "two");
    assert.equal(readText(path), "two");
    assert.deepEqual(listFolder(folder), ["node.json"]);
    assert.equal(ownerOf(path)!.mode, 0o600);
    assert.throws(() => writeWhole(`${folder}/none/node.json`, "three"), Deno.errors.NotFound);
  });
});

test("files: a private folder is its owner's alone", () => {
  withFolder((folder) => {
    const path = `${folder}/a/b`;
    makePrivateFolder(path);
    makePrivateFolder(path);
    assert.deepEqual(ownerOf(path), { uid: userId(), mode: 0o700, isFolder: true });
    Deno.symlinkSync(path, `${folder}/link`);
    assert.equal(ownerOf(`${folder}/link`)!.isFolder, false, "a link is not the folder");
    assert.equal(ownerOf(`${folder}/none`), null);
  });
});

test("files: removing and listing what is not there is no error", () => {
  withFolder((folder) => {
    makePrivateFolder(`${folder}/deep/er`);
    removeAll(`${folder}/deep`);
    removeAll(`${folder}/deep`);
    assert.deepEqual(listFolder(`${folder}/deep`), []);
  });
});

test("environment: what surrounds the process", () => {
  Deno.env.set("CHIMAERA_TEST_EMPTY", "");
  Deno.env.set("CHIMAERA_TEST_SET", "yes");
  assert.equal(environment("CHIMAERA_TEST_EMPTY"), undefined);
  assert.equal(environment("CHIMAERA_TEST_UNSET"), undefined);
  assert.equal(environment("CHIMAERA_TEST_SET"), "yes");
  Deno.env.delete("CHIMAERA_TEST_EMPTY");
  Deno.env.delete("CHIMAERA_TEST_SET");
  assert.equal(processId(), Deno.pid);
  assert.ok(machineMemoryBytes() > 1 << 24);
});

test("files: a text that cannot take its place leaves nothing beside it", () => {
  withFolder((folder) => {
    makePrivateFolder(`${folder}/taken`);
    assert.throws(() => writeText(`${folder}/taken`, "x"));
    assert.deepEqual(listFolder(folder), ["taken"]);
  });
});
