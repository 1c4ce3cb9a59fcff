/**
 * Whole files through `compress` and `decompress` and through the programs of the same codecs, both
 * ways: those of the archives in `../shared/data` beside the checkout, where that folder is, else
 * generated ones of the same sizes: text, floats, noise, and a bit of each.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { unzipSync } from "fflate";
import { test } from "../tests/permission.ts";
import { call, missing, PROGRAMS } from "./testing/codec_programs.ts";
import { ProgramFolder, sample } from "./testing/program.ts";

const ARCHIVES = new URL("../../shared/data/", import.meta.url);

type Bytes = Uint8Array<ArrayBuffer>;
type Files = ReadonlyMap<string, Bytes>;

/** A wave with a little noise, as simulations write it. */
function floats(sizeBytes: number): Bytes {
  const values = new Float32Array(Math.floor(sizeBytes / 4));
  for (let k = 0; k < values.length; k++) values[k] = Math.sin(k / 1000) + (k % 7) * 1e-6;
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(new Uint8Array(values.buffer));
  return bytes;
}

/** Numbers of a multiplicative generator: nothing that a codec could shorten. */
function noise(sizeBytes: number): Bytes {
  const bytes = new Uint8Array(sizeBytes);
  let state = 1;
  for (let at = 0; at < sizeBytes; at++) {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function mixture(sizeBytes: number): Bytes {
  const bytes = sample(sizeBytes);
  const third = Math.floor(sizeBytes / 3);
  bytes.set(floats(third), third);
  bytes.set(noise(third), 2 * third);
  return bytes;
}

function generatedFiles(): Files {
  return new Map([
    ["text", sample(10_192_446)],
    ["floats", floats(9_970_564)],
    ["noise", noise(10_085_684)],
    ["mixture", mixture(5_345_280)],
  ]);
}

/** The files of all archives in the folder; none when there is no such folder. */
function archivedFiles(): Files {
  const files = new Map<string, Bytes>();
  for (const name of namesIn(ARCHIVES)) {
    if (!name.endsWith(".zip")) continue;
    const content = unzipSync(Deno.readFileSync(new URL(name, ARCHIVES)));
    for (const [path, bytes] of Object.entries(content)) {
      if (!path.endsWith("/")) files.set(path.replaceAll("/", "_"), new Uint8Array(bytes));
    }
  }
  return files;
}

function namesIn(folder: URL): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    throw thrown;
  }
}

let found: Files | null = null;

/** Unpacked once for all tests. */
function realFiles(): Files {
  if (found !== null) return found;
  const files = archivedFiles();
  found = files.size > 0 ? files : generatedFiles();
  return found;
}

function assertSame(actual: Uint8Array, expected: Uint8Array, label: string): void {
  assert.equal(actual.length, expected.length, label);
  assert.equal(Buffer.compare(actual, expected), 0, `${label}: other bytes`);
}

for (const { codec, ending, pack, unpack } of PROGRAMS) {
  const ignore = missing(codec);

  test(`whole files: ${codec} reads ours, and we read what it wrote`, { ignore }, async () => {
    await using folder = new ProgramFolder();
    for (const [name, bytes] of realFiles()) {
      const path = folder.write(name, bytes);
      const packed = await folder.json(["compress", name, "-o", `ours${ending}`, "--force"]);
      assert.equal(packed.codec, codec);
      assert.equal(packed.node, "embedded");
      assert.equal(packed.bytesIn, bytes.length);
      folder.write(`theirs${ending}`, await call(pack, path));
      const [byThem, own, theirs] = await Promise.all([
        call(unpack, `${folder.path}/ours${ending}`),
        folder.json(["decompress", `ours${ending}`, "--force"]),
        folder.json(["decompress", `theirs${ending}`, "--force"]),
      ]);
      assertSame(byThem, bytes, `${name}: ours, by ${codec}`);
      for (const report of [own, theirs]) {
        assert.equal(report.node, "embedded");
        assert.equal(report.bytesOut, bytes.length);
        assertSame(folder.read(report.output), bytes, `${name}: ${report.output}, by us`);
      }
    }
  });
}

test("whole files: the generated ones compress as their names say", async () => {
  await using folder = new ProgramFolder();
  const ratios = new Map<string, number>();
  for (const [name, bytes] of generatedFiles()) {
    folder.write(name, bytes);
    const { ratio } = await folder.json(["compress", name, "--codec", "zstd"]);
    await folder.json(["decompress", `${name}.zst`, "-o", "back", "--force"]);
    assertSame(folder.read("back"), bytes, name);
    ratios.set(name, ratio);
  }
  assert.ok(ratios.get("text")! > 2, `text: ${ratios.get("text")}`);
  assert.ok(ratios.get("floats")! > 1.05, `floats: ${ratios.get("floats")}`);
  assert.ok(ratios.get("noise")! < 1.01, `noise: ${ratios.get("noise")}`);
});
