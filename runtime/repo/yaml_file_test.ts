/** Flat YAML files: entries with their places, and refusals with theirs. */

import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ChimaeraError } from "../errors.ts";
import { readYamlEntries } from "./yaml_file.ts";

const read = (text: string) => readYamlEntries(text, "a.yaml", "badManifest");

function refusal(text: string): string {
  try {
    read(text);
  } catch (thrown) {
    assert.ok(thrown instanceof ChimaeraError);
    return `${thrown.code} ${thrown.message}`;
  }
  return "nothing";
}

test("yaml file: each entry has its value and its places", () => {
  const entries = read(
    "# A file.\nname:  cache # Fast.\n\nversion: 0.10\nempty:\n'quoted': \"x\"\n",
  );
  assert.deepEqual(
    entries.map(({ key, value, source, keyAt, valueAt }) => [key, value, source, keyAt, valueAt]),
    [
      ["name", "cache", "cache", "2:1", "2:8"],
      ["version", 0.1, "0.10", "4:1", "4:10"],
      ["empty", null, "", "5:1", "5:1"],
      ["quoted", "x", "x", "6:1", "6:11"],
    ],
  );
  assert.deepEqual(read(""), []);
  assert.deepEqual(read("# Nothing.\n"), []);
});

test("yaml file: what is no flat map is refused where it stands", () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["a: 1\na: 2\n", /^CHI-1302 a\.yaml:2:1: `a` stands in line 1 already; remove one of them$/],
    ["a: 1\n \tb: 2\n", /^CHI-1302 a\.yaml:2:2: a tab indents this line; YAML allows spaces only$/],
    [
      "- a\n",
      /^CHI-1302 a\.yaml:1:1: it is no list of `name: value` lines; write one such line for each name$/,
    ],
    [
      "text\n",
      /^CHI-1302 a\.yaml:1:1: it is no list of `name: value` lines; write one such line for each name$/,
    ],
    [
      "a: 1\n? [b]\n: 2\n",
      /^CHI-1302 a\.yaml:\d:\d: a key that is no plain name; write letters, digits and _$/,
    ],
    ["a: [1]\n", /^CHI-1302 a\.yaml:1:1: `a` has more than one value; write a single value$/],
    ["a: &x 1\nb: *x\n", /^CHI-1302 a\.yaml:2:1: `b` has the alias `\*x`; write a single value$/],
    ["a: 'b\n", /^CHI-1302 a\.yaml:\d:\d: .*quote/],
    [
      `a: ${"x".repeat(1 << 20)}\n`,
      /^CHI-1302 a\.yaml:1:1: \d+ characters are too many, at most 1048576; shorten the file$/,
    ],
  ];
  for (const [text, says] of refusals) assert.match(refusal(text), says);
});

test("yaml file: aliases of aliases are refused before they are multiplied", () => {
  const bomb = ["a: &a [x, x]"];
  for (let k = 1; k < 30; k++) bomb.push(`b${k}: &b${k} [*b${k - 1}, *b${k - 1}]`);
  assert.match(refusal(bomb.join("\n").replaceAll("b0", "a")), /^CHI-1302 a\.yaml:1:1: /);
});
