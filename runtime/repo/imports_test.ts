/** Imports of a text, with their places. */

import assert from "node:assert/strict";
import { ChimaeraError } from "../errors.ts";
import { importsOf } from "./imports.ts";

async function found(text: string) {
  const imports = await importsOf(text, "a.ts");
  return imports.map(({ specifier, line, column }) => [specifier, line, column]);
}

Deno.test("imports: every form that is there at run time, where it stands", async () => {
  const text = `import { a } from "./a.ts";
import b, * as c from './b.ts';
import "./c.ts";
  export { d } from "./d.ts";
export * from "./e.ts";
const f = await import("./f.ts");
import data from "./g.json" with { type: "json" };
`;
  assert.deepEqual(await found(text), [
    ["./a.ts", 1, 20],
    ["./b.ts", 2, 24],
    ["./c.ts", 3, 9],
    ["./d.ts", 4, 22],
    ["./e.ts", 5, 16],
    // Of a call it is the argument, with its quotes.
    ["./f.ts", 6, 24],
    ["./g.json", 7, 19],
  ]);
});

Deno.test("imports: types are gone at run time, and words in texts are no imports", async () => {
  const text = `import type { A } from "./a.ts";
export type { B } from "./b.ts";
const text = 'import "./c.ts"'; // import "./d.ts";
/* import "./e.ts"; */
console.log(import.meta.url, text);
`;
  assert.deepEqual(await found(text), []);
});

Deno.test("imports: TypeScript is read as it is written", async () => {
  const text = `abstract class A<T extends { x: number }> {
  declare readonly b: T;
  constructor(private readonly c = <U>(d: U): d is U => true) {}
  e?(this: A<T>): asserts this is A<T>;
}
const re = /import "x"/g, t = \`\${(await import("./t.ts")).a as string}\`;
function f(x: unknown): asserts x is string {}
using g = h satisfies object;
`;
  assert.deepEqual((await found(text)).map(([specifier]) => specifier), ["./t.ts"]);
});

Deno.test("imports: what nobody can judge has no specifier", async () => {
  const text = "const name = './a.ts';\nawait import(name);\nawait import(`./${name}.ts`);\n";
  assert.deepEqual((await found(text)).map(([specifier, line]) => [specifier, line]), [
    [null, 2],
    [null, 3],
  ]);
});

Deno.test("imports: a text that cannot be read is CHI-4005, with the place", async () => {
  await assert.rejects(importsOf("const a = 1;\n}\n", "/mods/cache/a.ts"), (thrown: unknown) => {
    assert.ok(thrown instanceof ChimaeraError);
    assert.equal(thrown.code, "CHI-4005");
    assert.match(thrown.message, /^\/mods\/cache\/a\.ts:2:1: its syntax is wrong/);
    return true;
  });
});
