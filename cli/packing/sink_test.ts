import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { openSink } from "./sink.ts";
import { Source } from "./source.ts";

const BYTES = new Uint8Array(100_000).fill(7);

/** Calls `seen` before each sync of a file, and puts the method back at the end. */
function watchSyncs(seen: () => void): Disposable {
  const { sync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.sync = function (this: Deno.FsFile): Promise<void> {
    seen();
    return sync.call(this);
  };
  return { [Symbol.dispose]: () => void (Deno.FsFile.prototype.sync = sync) };
}

/** Names and sizes of what is in a folder. */
function filesIn(folder: string): [name: string, sizeBytes: number][] {
  return [...Deno.readDirSync(folder)].map(({ name }) => [
    name.replace(/^\.chimaera-.*\.part$/, "part"),
    Deno.statSync(`${folder}/${name}`).size,
  ]);
}

test("sink: all bytes are on the disk before the file appears under its name", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const input = `${folder}/input`;
    Deno.writeFileSync(input, BYTES.subarray(0, 1));
    for (const force of [false, true]) {
      const out = Deno.makeTempDirSync({ dir: folder });
      using source = await Source.open("compress", input);
      const sink = await openSink(`${out}/output`, { verb: "compress", source, force });
      const whenSynced: unknown[] = [];
      using _watch = watchSyncs(() => whenSynced.push(filesIn(out)));
      await sink.write(BYTES);
      await sink.finish();
      assert.deepEqual(whenSynced, [[["part", BYTES.length]]]);
      assert.deepEqual(filesIn(out), [["output", BYTES.length]]);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
