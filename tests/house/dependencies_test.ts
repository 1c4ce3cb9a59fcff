import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { expectNone, ROOT } from "./source_tree.ts";

interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function packages(): [name: string, version: string][] {
  const file: PackageFile = JSON.parse(Deno.readTextFileSync(`${ROOT}/package.json`));
  return Object.entries({ ...file.dependencies, ...file.devDependencies });
}

test("dependencies: every version is pinned", () => {
  const loose = packages().filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  assert.deepEqual(loose, []);
});

test("dependencies: every one is explained in docs/dependencies.md, in this version", () => {
  const rows = Deno.readTextFileSync(`${ROOT}/docs/dependencies.md`).split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const findings = packages().flatMap(([name, version]) => {
    const row = rows.find((cells) => cells[1] === `\`${name}\``);
    if (row === undefined) return [`${name}: no row`];
    if (row[2] !== version) return [`${name}: the row says ${row[2]}, package.json ${version}`];
    return (row[3] ?? "").length < 20 ? [`${name}: the row gives no reason`] : [];
  });
  expectNone(findings);
});

test("dependencies: the lock file agrees with package.json", () => {
  const { specifiers } = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.lock`));
  const unlocked = packages().filter(([name, version]) =>
    !(`npm:${name}@${version}` in specifiers)
  );
  assert.deepEqual(unlocked, []);
});
