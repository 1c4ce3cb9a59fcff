import assert from "node:assert/strict";
import fc from "fast-check";
import { ChimaeraError } from "../../runtime/errors.ts";
import { editMap, EMPTY_JSON, readMap } from "./json_file.ts";

const set = { "a/b": "./x.ts" };

function edited(text: string, drop: readonly string[] = []): string {
  return editMap({ path: "deno.json", text }, "imports", { set, drop });
}

Deno.test("json file: a map is made, in the author's manner", () => {
  assert.equal(edited(EMPTY_JSON), '{\n  "imports": {\n    "a/b": "./x.ts"\n  }\n}\n');
  assert.equal(edited("{}"), '{\n  "imports": {\n    "a/b": "./x.ts"\n  }\n}');
  assert.equal(
    edited('{\n\t"tasks": { "x": "y" }\n}\n'),
    '{\n\t"tasks": { "x": "y" },\n\t"imports": {\n\t\t"a/b": "./x.ts"\n\t}\n}\n',
  );
  assert.equal(
    edited('{\r\n    "name": "x"\r\n}\r\n'),
    '{\r\n    "name": "x",\r\n    "imports": {\r\n        "a/b": "./x.ts"\r\n    }\r\n}\r\n',
  );
});

Deno.test("json file: remarks and commas stay where they are", () => {
  assert.equal(
    edited('// top\n{\n  "fmt": {}, // last\n}\n'),
    '// top\n{\n  "fmt": {}, // last\n  "imports": {\n    "a/b": "./x.ts"\n  },\n}\n',
  );
  assert.equal(
    edited('{\n  "imports": {\n    "z": "./z.ts" // mine\n    /* end */\n  }\n}\n'),
    '{\n  "imports": {\n    "z": "./z.ts", // mine\n    "a/b": "./x.ts"\n    /* end */\n  }\n}\n',
  );
  assert.equal(
    edited('{"imports": {"z": "./z.ts"}}'),
    '{"imports": {"z": "./z.ts", "a/b": "./x.ts"}}',
  );
  assert.equal(
    edited('{\n  "imports": {\n    // none yet\n  }\n}\n'),
    '{\n  "imports": {\n    "a/b": "./x.ts"\n    // none yet\n  }\n}\n',
  );
});

Deno.test("json file: an entry is replaced in its place, and one is taken out", () => {
  const text = '{\n  "imports": {\n    "a/b": "./old.ts", // why\n    "c": "./c.ts"\n  }\n}\n';
  assert.equal(edited(text), text.replace("./old.ts", "./x.ts"));
  assert.equal(
    edited(text.replace("./old.ts", "./x.ts"), ["c"]),
    '{\n  "imports": {\n    "a/b": "./x.ts" // why\n  }\n}\n',
  );
});

Deno.test("json file: what cannot be read is CHI-1302 with its place", () => {
  const at = (text: string) => {
    try {
      readMap({ path: "/app/deno.json", text }, "imports");
    } catch (thrown) {
      assert(thrown instanceof ChimaeraError);
      assert.equal(thrown.code, "CHI-1302");
      return thrown.message;
    }
    throw new Error(`${text} was read`);
  };
  assert.equal(at('{\n  "imports" 1\n}\n'), "/app/deno.json:2:13: `:` is missing");
  assert.equal(at('{\n  "imports": []\n}\n'), "/app/deno.json:2:14: `imports` is no JSON object");
  assert.equal(at("[]"), "/app/deno.json:1:1: it is no object");
});

Deno.test("json file: any map of texts: what was set is there, the rest is as it was", () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text !== "__proto__");
  const map = fc.dictionary(name, fc.string(), { noNullPrototype: true });
  const indent = fc.constantFrom(0, 2, 4, "\t");
  fc.assert(fc.property(map, map, map, indent, (others, before, after, step) => {
    const text = JSON.stringify({ others, imports: before, end: 1 }, null, step);
    const drop = Object.keys(before).filter((_, k) => k % 2 === 0);
    const file = { path: "x", text };
    const once = editMap(file, "imports", { set: after, drop });
    const expected = { ...before };
    for (const key of drop) delete expected[key];
    Object.assign(expected, after);
    assert.deepEqual({ ...JSON.parse(once) }, { others, imports: expected, end: 1 });
    assert.equal(once.split('"imports"')[0], text.split('"imports"')[0]);
    assert.equal(editMap({ path: "x", text: once }, "imports", { set: after, drop: [] }), once);
  }));
});
