/**
 * A module's `*_methods.yaml` is the contract: what is generated from it, in every repo of the
 * project, is what `chimaera repo refresh` would write, and no method lacks its code.
 */

import assert from "node:assert/strict";
import { diffOf, freshModule, planRefresh, printLibExec, printMethods } from "../../codegen/mod.ts";
import { readMethods } from "../../codegen/mod.ts";
import { test } from "../permission.ts";
import { expectNone, ROOT, sourceFiles } from "./source_tree.ts";

const REPO = /^(.+)\/chimaera_repo\.yaml$/;
const MODULE = /^(.+)\/(\w+)\/\2_methods\.yaml$/;

const paths = () => sourceFiles().map(({ path }) => path);

test("generated code: a refresh of any repo of the project would change nothing", async () => {
  const repos = paths().flatMap((path) => REPO.exec(path)?.[1] ?? []);
  assert.ok(repos.includes("chimods") && repos.length >= 5, `only ${repos.length} were found`);
  for (const repo of repos) {
    const { changes, unused, temps, problems } = await planRefresh(`${ROOT}/${repo}`);
    expectNone([
      ...problems.map((problem) => `${repo}/${problem.message}`),
      ...changes.map((change) => `${repo}:\n${diffOf(change)}`),
      ...unused.map(({ file, block }) => `${repo}/${file}: ${block} is not on`),
      ...temps.map(({ file }) => `${repo}/${file}: it has no marks`),
    ]);
  }
});

test("generated code: every module of the project is in a repo", () => {
  const all = paths();
  const modules = all.map((path) => MODULE.exec(path)).filter((found) => found !== null);
  assert.ok(modules.length >= 6 + 7, `only ${modules.length} modules were found`);
  expectNone(modules.flatMap(([, repo, name]) => [
    ...all.includes(`${repo}/chimaera_repo.yaml`) ? [] : [`${repo} has no chimaera_repo.yaml`],
    ...all.includes(`${repo}/${name}/chimaera_mod.yaml`)
      ? []
      : [`${repo}/${name} has no chimaera_mod.yaml`],
  ]));
});

test("generated code: that of the template is what a new module gets", () => {
  const read = (file: string) => Deno.readTextFileSync(`${ROOT}/chimods/MOD_NAME/MOD_NAME_${file}`);
  const { methods, problems } = readMethods(read("methods.yaml"), "MOD_NAME_methods.yaml");
  assert.deepEqual(problems, []);
  assert.equal(read("methods.ts"), printMethods("MOD_NAME", methods));
  assert.equal(read("lib_exec.ts"), printLibExec("MOD_NAME", methods));
  for (const [file, text] of freshModule("example", "compressor")) {
    assert.doesNotMatch(file + text, /MOD_NAME|chimaera_compressor/, file);
  }
});
