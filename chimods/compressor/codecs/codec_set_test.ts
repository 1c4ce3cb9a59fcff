import assert from "node:assert/strict";

import { codecById, codecByName, CodecId, CODECS, openCodecs, PROVIDER_ORDER } from "./mod.ts";
import { isKind } from "./failure.ts";
import { FFI_PROVIDERS } from "./provider.ts";
import { sameBytes, text } from "./testing/data.ts";
import { pack, SUBJECTS, unpack } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

test("codec numbers are permanent", () => {
  assert.deepEqual(CodecId, { lz4: 0, zstd: 1, gzip: 2, deflate: 3, none: 255 });
  for (const info of Object.values(CODECS)) {
    assert.equal(codecById(info.id), info);
    assert.equal(codecByName(info.name), info);
  }
  for (
    const call of [() => codecById(7), () => codecByName("rar"), () => codecByName("toString")]
  ) {
    assert.throws(call, (error) => isKind(error, "codecUnknown"));
  }
});

test("the first provider that can be had is in use, and the report says which", async () => {
  using codecs = await openCodecs();
  for (const { codec, provider, skipped } of codecs.report()) {
    const first = SUBJECTS.find(({ name, missing }) => name === codec && missing === undefined);
    assert.equal(provider, first?.provider);
    assert.equal(codecs.frame(CodecId[codec]).provider, provider);
    assert.deepEqual(
      skipped.map(({ provider }) => provider),
      PROVIDER_ORDER[codec].slice(0, PROVIDER_ORDER[codec].indexOf(provider)),
    );
  }
});

async function withoutLibraries(options: { ffi?: boolean }): Promise<void> {
  using codecs = await openCodecs(options);
  for (const { codec, provider, skipped } of codecs.report()) {
    assert.ok(!FFI_PROVIDERS.has(provider));
    assert.ok(skipped.every(({ why }) => why.includes("FFI")), JSON.stringify(skipped));
    assert.ok(!FFI_PROVIDERS.has(codecs.openDecoder(CodecId[codec]).provider));
    const bytes = text(9000);
    for (const form of [codecs.block(CodecId[codec]), codecs.frame(CodecId[codec])]) {
      assert.ok(sameBytes(unpack(form, pack(form, bytes), bytes.length), bytes));
    }
  }
}

test("without FFI every codec still works", () => withoutLibraries({ ffi: false }));

test({
  name: "without the permission for FFI every codec still works, and nobody is asked",
  permissions: { ffi: false, read: true, env: true },
  fn: () => withoutLibraries({}),
});

test("a provider that cannot be had is refused at once", async () => {
  const choices = [
    { providers: { lz4: "libz" } },
    { ffi: false, providers: { zstd: "libzstd" } },
  ] as const;
  for (const choice of choices) {
    await assert.rejects(openCodecs(choice), (error) => isKind(error, "codecUnavailable"));
  }
});

test("the limit of a package is an error, never wrong data", async () => {
  using codecs = await openCodecs({ providers: { zstd: "zstd-codec" } });
  const large = text((4 << 20) + 1);
  for (const codec of [codecs.block(CodecId.zstd), codecs.frame(CodecId.zstd)]) {
    assert.throws(() => pack(codec, large), (error) => isKind(error, "codecLimit"));
    const most = large.subarray(1);
    assert.ok(sameBytes(unpack(codec, pack(codec, most), most.length), most));
  }
  using native = await openCodecs();
  const packed = pack(native.frame(CodecId.zstd), large);
  const room = new Uint8Array(large.length);
  assert.throws(
    () => codecs.frame(CodecId.zstd).decompress(packed, room),
    (error) => isKind(error, "codecLimit"),
  );
});
