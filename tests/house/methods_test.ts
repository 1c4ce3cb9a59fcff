/**
 * A module's `*_methods.yaml` is the contract; its `*_methods.ts` and `*_lib_exec.ts` are kept in
 * step with it by hand until a command does it. Here they cannot drift apart.
 */

import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { ROOT, sourceFiles } from "./source_tree.ts";

/** Methods that every module has, with their permanent numbers; -1 in the YAML turns one off. */
const INHERITED = ["kCreate", "kDestroy", "kNodeFailure", "kRecover", "kMigrate", "kUpgrade"];
/** The number from which on methods are the module's own. */
const CUSTOM_MIN = 10;
const OFF = -1;

const YAML = /^((?:chimods|tests|bench)\/(?:.+\/)?(\w+)\/\2)_methods\.yaml$/;

/** A method that is on. */
type Entry = readonly [name: string, id: number];

/** All lines of the YAML: each is a name and a number. */
function entriesOf(text: string): Entry[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*$/, "").trim()).filter(Boolean);
  return lines.map((line) => {
    const match = /^(k[A-Z]\w*): (-?\d+)$/.exec(line);
    assert.ok(match !== null, `cannot read \`${line}\``);
    return [match[1]!, Number(match[2])];
  });
}

/** The names that the matches of a pattern with one or two groups have in a text. */
function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, ...groups]) => groups.join(" "));
}

/** The two functions' cases: `kMd md`. */
function casesOf(text: string): { run: string[]; monitor: string[] } {
  const pattern = /case Method\.(\w+):\s+return server\.(\w+)\(/g;
  const [before, after] = text.split(/^ {2}monitor\(/m) as [string, string];
  return { run: matches(before, pattern), monitor: matches(after, pattern) };
}

/** `Md` of `kMd`. */
const bare = (name: string) => name.slice(1);
const camel = (name: string) => name[1]!.toLowerCase() + name.slice(2);

const texts = () => new Map(sourceFiles().map(({ path, text }) => [path, text]));

test("methods: names and numbers of each module's YAML are those of its code", async () => {
  const files = texts();
  const stems = [...files.keys()].flatMap((path) => YAML.exec(path)?.[1] ?? []);
  assert.ok(stems.length >= 6 + 7, `only ${stems.length} modules were found`);
  for (const stem of stems) {
    const all = entriesOf(files.get(`${stem}_methods.yaml`)!);
    assert.deepEqual(all.slice(0, INHERITED.length).map(([name]) => name), INHERITED, stem);
    all.forEach(([name, id], at) => {
      if (id === OFF) return;
      if (at < INHERITED.length) assert.equal(id, at, `${stem}: ${name}`);
      else assert.ok(id >= CUSTOM_MIN, `${stem}: ${name} is ${id}`);
    });
    const on = all.filter(([, id]) => id !== OFF);
    assert.equal(new Set(on.map(([, id]) => id)).size, on.length, `${stem}: a number twice`);
    const { Method } = await import(`file://${ROOT}/${stem}_methods.ts`);
    assert.deepEqual(Object.entries(Method), on, `${stem}_methods.ts`);
  }
});

test("methods: each module's dispatch has every method of its YAML, and no other", () => {
  const files = texts();
  for (const path of files.keys()) {
    const stem = YAML.exec(path)?.[1];
    if (stem === undefined) continue;
    const on = entriesOf(files.get(path)!).filter(([, id]) => id !== OFF).map(([name]) => name);
    const own = on.filter((name) => !INHERITED.includes(name));
    const text = files.get(`${stem}_lib_exec.ts`)!;
    assert.deepEqual(
      matches(text, /\[Method\.(\w+)\]: "(\w+)"/g),
      on.map((name) => `${name} ${name}`),
      `${stem}: methodNames`,
    );
    assert.deepEqual(
      matches(text, /\[Method\.(\w+), tasks\.(\w+)\]/g),
      own.map((name) => `${name} ${bare(name)}Task`),
      `${stem}: tasks`,
    );
    const { run, monitor } = casesOf(text);
    assert.deepEqual(run, own.map((name) => `${name} ${camel(name)}`), `${stem}: run`);
    const watched = ["kCreate", ...own].map((name) => `${name} monitor${bare(name)}`);
    assert.deepEqual(monitor, watched, `${stem}: monitor`);
  }
});
