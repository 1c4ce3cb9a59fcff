import assert from "node:assert/strict";
import { ERRORS } from "../../runtime/errors.ts";
import { test } from "../permission.ts";
import { expectNone, sourceFiles } from "./source_tree.ts";

const entries = Object.entries(ERRORS);

Deno.test("errors: every code is unique", () => {
  const byCode = Map.groupBy(entries, ([, { code }]) => code);
  const shared = [...byCode].filter(([, named]) => named.length > 1)
    .map(([code, named]) => `${code}: ${named.map(([name]) => name).join(", ")}`);
  assert.deepEqual(shared, []);
});

Deno.test("errors: the table is in the order of its groups", () => {
  const groups = entries.map(([, { code }]) => Math.floor(code / 1000));
  assert.deepEqual(groups, groups.toSorted((a, b) => a - b));
  assert.ok(groups.every((group) => group >= 1 && group <= 7));
});

Deno.test("errors: every hint is a sentence part that says what to do", () => {
  for (const [name, { hint }] of entries) {
    assert.match(hint, /^[a-z`A-Z]/, name);
    assert.doesNotMatch(hint, /\.$/, name);
  }
});

test("errors: every one is made somewhere, and expected by a test", () => {
  const code = sourceFiles().filter(({ path }) =>
    /\.ts$/.test(path) && path !== "runtime/errors.ts" && path !== "tests/house/errors_test.ts"
  );
  const [tests, engine] = [true, false].map((isTest) =>
    code.filter(({ path }) => /^tests\/|_test\.ts$/.test(path) === isTest)
      .map(({ text }) => text).join("\n")
  ) as [string, string];
  expectNone(entries.flatMap(([name, { code: number }]) => {
    const isMade = [
      `Error\\([^;]{0,200}"${name}"`,
      `\\["${name}", `,
      `\\bE[A-Z]+: "${name}"`,
      // The launcher is a shell script, which is given codes and hints.
      `CODE: ERRORS\\.${name}\\.code`,
    ]
      .some((pattern) => new RegExp(pattern).test(engine));
    // By its code, or by its kind: the bare name may be a word for something else.
    const isExpected = [
      `CHI-${number}\\b`,
      `(?:\\bkind\\b|isKind\\(|refused\\()[^;]{0,200}"${name}"`,
    ]
      .some((pattern) => new RegExp(pattern, "i").test(tests));
    return [
      ...isMade ? [] : [`CHI-${number} ${name}: nothing makes it`],
      ...isExpected ? [] : [`CHI-${number} ${name}: no test provokes it`],
    ];
  }));
});
