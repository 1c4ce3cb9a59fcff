import assert from "node:assert/strict";
import type { ChimaeraError } from "../runtime/errors.ts";
import { formatDuration, formatRate, formatSize, parseSize, plural } from "./quantity.ts";

Deno.test("sizes: what people write", () => {
  const parse = parseSize("--size", 0, 2 ** 40);
  const cases = [["0", 0], ["65536", 65536], ["64k", 65536], ["64KiB", 65536], ["1.5m", 1572864]];
  for (const [text, bytes] of [...cases, [" 2GiB ", 2 ** 31]] as const) {
    assert.equal(parse(String(text)), bytes, String(text));
  }
  for (const text of ["", "k", "-1", "1kb", "1e6", "ten", "1 2"]) {
    assert.throws(() => parse(text), /is not a size/, text);
  }
  assert.throws(() => parseSize("--size", 10, 20)("21"), /`21` is outside 10 B to 20 B/);
  assert.throws(
    () => parseSize("--size", 0, 1 << 30)("100TiB"),
    /`100TiB` is outside 0 B to 1 GiB/,
  );
  const hint = /64KiB.*powers of 1024/;
  assert.throws(() => parse("1MB"), (error: ChimaeraError) => hint.test(error.hint));
});

Deno.test("sizes: what people read", () => {
  const cases = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.50 KiB"],
    [10_192_446, "9.72 MiB"],
    [99 * 2 ** 20 + 2 ** 19, "99.5 MiB"],
    [2 ** 30, "1 GiB"],
    [5 * 2 ** 40, "5 TiB"],
    [2000 * 2 ** 40, "2000 TiB"],
  ] as const;
  for (const [bytes, text] of cases) assert.equal(formatSize(bytes), text);
});

Deno.test("times, rates and counts", () => {
  assert.equal(formatDuration(12.4), "12 ms");
  assert.equal(formatDuration(2500), "2.5 s");
  assert.equal(formatDuration(61_000), "1 min");
  assert.equal(formatDuration(7_200_000), "2 h");
  assert.equal(formatDuration(200_000_000), "2 d");
  assert.equal(formatRate(1e9, 0.5), "2.00 GB/s");
  assert.equal(formatRate(1e6, 2), "0.5 MB/s");
  assert.equal(formatRate(5, 0), "0.0 MB/s");
  assert.equal(plural(1, "lane"), "1 lane");
  assert.equal(plural(0, "lane"), "0 lanes");
});
