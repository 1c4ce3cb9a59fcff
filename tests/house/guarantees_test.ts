/** docs/guarantees.md: below each promise stand its tests, and there are such tests. */

import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { expectNone, ROOT, sourceFiles } from "./source_tree.ts";

const DOCUMENT = `${ROOT}/docs/guarantees.md`;
/** What stands behind it is no promise. */
const NOT_PROMISED = "## What is not promised";

/** A promise, and below it file and name of each of its tests. */
interface Promised {
  readonly sentence: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** The text of a list item that goes on over several lines. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function promises(): Promised[] {
  const [text, rest] = Deno.readTextFileSync(DOCUMENT).split(NOT_PROMISED);
  assert.ok(rest !== undefined, `there is no \`${NOT_PROMISED}\``);
  const items = text!.split(/^(?=- |#)/m).filter((item) => item.startsWith("- "));
  return items.map((item) => {
    const [sentence, ...lines] = item.split(/^ {2}- /m).map(unwrapped) as [string, ...string[]];
    const tests = lines.map((line) => {
      const [, file, name] = /^`([\w/]+_test\.ts)`: (.+)$/.exec(line.split(" ## ")[0]!) ?? [];
      assert.ok(file !== undefined && name !== undefined, `no test: ${line}`);
      return { file, name };
    });
    return { sentence, tests };
  });
}

/** Finds a test of that name, in which `…` stands for what a template fills in. */
function patternOf(name: string): RegExp {
  const parts = name.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?:[tT]est\\(\\s*|name: )["\`]${parts.join("\\$\\{[^}]+\\}")}["\`],`);
}

test("guarantees: each promise names its tests, and they exist", () => {
  const texts = new Map(sourceFiles().map(({ path, text }) => [path, text]));
  const found = promises();
  assert.ok(found.length > 30, `only ${found.length} promises were found`);
  expectNone(found.flatMap(({ sentence, tests }) => {
    if (tests.length === 0) return [`no test: ${sentence}`];
    return tests.flatMap(({ file, name }) => {
      const text = texts.get(file);
      if (text === undefined) return [`${file}: no such file`];
      return patternOf(name).test(text) ? [] : [`${file}: no test \`${name}\``];
    });
  }));
});
