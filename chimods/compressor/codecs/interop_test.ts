/** Our frames against the lz4, zstd and gzip programs, both ways and by every provider. */

import assert from "node:assert/strict";

import { FRAME_LENGTH_UNKNOWN, frameLength } from "./mod.ts";
import { concat, INPUTS, sameBytes, text } from "./testing/data.ts";
import { decodeAll } from "./testing/decoding.ts";
import { filterThrough, hasProgram } from "./testing/programs.ts";
import { pack, SUBJECTS, unpack } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

/** Ways in which each program can be asked to write. */
const WRITERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  lz4: [["-c"], ["-c", "-9"], ["-c", "-BD", "-B4"], ["-c", "-BX", "--content-size"], [
    "-c",
    "--no-frame-crc",
  ]],
  zstd: [["-c"], ["-c", "-19"], ["-c", "--no-check"], ["-c", "--no-content-size", "--fast"]],
  gzip: [["-c"], ["-c", "-9"], ["-c", "-1"]],
};

const written = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** What a program writes, asked of it once for all providers. */
function writtenBy(
  program: string,
  args: readonly string[],
  [name, bytes]: typeof INPUTS[number],
): Promise<Uint8Array<ArrayBuffer>> {
  const key = `${program} ${args.join(" ")} ${name}`;
  const output = written.get(key) ?? filterThrough(program, args, bytes);
  written.set(key, output);
  return output;
}

for (const subject of SUBJECTS) {
  const writers = WRITERS[subject.name];
  if (writers === undefined) continue;
  const ignore = subject.missing !== undefined || !hasProgram(subject.name);
  const limitBytes = subject.provider === "zstd-codec" ? 4 << 20 : Infinity;
  const inputs = INPUTS.filter(([, bytes]) => bytes.length < limitBytes);

  test({
    name: `${subject.label}: the ${subject.name} program reads what it writes`,
    ignore,
    fn: async () => {
      using codecs = await subject.open();
      const codec = codecs.frame(subject.id);
      const packed = inputs.map(([, bytes]) => pack(codec, bytes));
      const plain = await filterThrough(subject.name, ["-d", "-c"], concat(...packed));
      assert.ok(sameBytes(plain, concat(...inputs.map(([, bytes]) => bytes))));
    },
  });

  test({
    name: `${subject.label}: reads what the ${subject.name} program writes, as a stream`,
    ignore,
    fn: async () => {
      using codecs = await subject.open();
      for (const args of writers) {
        for (const input of INPUTS) {
          const [name, bytes] = input;
          const packed = await writtenBy(subject.name, args, input);
          using decoder = codecs.openDecoder(subject.id);
          const plain = await decodeAll(decoder, packed, 50_000, 60_000);
          assert.ok(sameBytes(plain, bytes), `${args.join(" ")}: ${name}`);
        }
      }
    },
  });

  test({
    name: `${subject.label}: reads what the ${subject.name} program writes, in one piece`,
    ignore,
    fn: async () => {
      using codecs = await subject.open();
      const codec = codecs.frame(subject.id);
      for (const args of writers) {
        // zstd-codec needs the content size, and says so; programs leave it out of a pipe.
        if (subject.provider === "zstd-codec") continue;
        for (const input of inputs) {
          const [name, bytes] = input;
          const packed = await writtenBy(subject.name, args, input);
          assert.ok(sameBytes(unpack(codec, packed, bytes.length), bytes), `${args}: ${name}`);
        }
      }
    },
  });
}

test("a gzip program's member does not tell its length, ours does", async () => {
  const gzip = SUBJECTS.find(({ name, missing }) => name === "gzip" && missing === undefined)!;
  using codecs = await gzip.open();
  const ours = pack(codecs.frame(gzip.id), text(1000));
  assert.equal(frameLength(gzip.id, concat(ours, ours)), ours.length);
  if (hasProgram("gzip")) {
    const theirs = await filterThrough("gzip", ["-c"], text(1000));
    assert.equal(frameLength(gzip.id, theirs), FRAME_LENGTH_UNKNOWN);
  }
});
