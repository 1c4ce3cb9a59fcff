import assert from "node:assert/strict";
import { realClock } from "../../runtime/platform/mod.ts";
import { test } from "../../tests/permission.ts";
import { ScratchRepo } from "../testing/scratch_repo.ts";
import { placeText } from "./problems.ts";
import { runTests, type TestResult } from "./run_tests.ts";

/** A repo whose only test file has this text. */
function repoWith(text: string): ScratchRepo {
  const repo = new ScratchRepo();
  repo.write("echo/echo_test.ts", text);
  return repo;
}

/** Whether a process runs; one that nobody has waited for yet does not. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

const names = (results: readonly TestResult[]) =>
  results.map(({ name, outcome }) => `${outcome} ${name}`);

test("module tests: those of a fresh module start a node and pass", async () => {
  using repo = new ScratchRepo();
  const [result, ...others] = await runTests(repo.folder);
  assert.deepEqual(others, []);
  assert.equal(result?.failure, undefined);
  assert.equal(result?.outcome, "ok");
  assert.equal(result?.file, "echo/echo_test.ts");
});

test("module tests: every way to declare a test works", async () => {
  using repo = repoWith(`
    const told: string[] = [];
    Deno.test.beforeAll(() => void told.push("all"));
    Deno.test.beforeEach(() => void told.push("each"));
    Deno.test.afterEach(() => void told.push("after"));
    Deno.test.afterAll(() => console.log("hooks " + told.join()));
    Deno.test("name and function", () => {});
    Deno.test(function named() {});
    Deno.test({ name: "definition", fn: async () => { await Promise.resolve(); } });
    Deno.test("name, options and function", { sanitizeOps: false }, () => {});
    Deno.test({ name: "options and function" }, () => {});
    Deno.test({ name: "ignored by option", ignore: true, fn() { throw new Error("run"); } });
    Deno.test.ignore("ignored by name", () => { throw new Error("run"); });
    Deno.test("context", async (t) => {
      if (t.name !== "context" || !t.origin.endsWith("echo_test.ts")) throw new Error(t.name);
      const ok = await t.step("step", async (inner) => {
        if (inner.parent?.name !== "context") throw new Error("parent");
        await inner.step({ name: "inner", fn() {} });
      });
      if (ok !== true) throw new Error("step");
    });
  `);
  const printed: string[] = [];
  const results = await runTests(repo.folder, { onOutput: (line) => printed.push(line) });
  assert.deepEqual(names(results), [
    "ok name and function",
    "ok named",
    "ok definition",
    "ok name, options and function",
    "ok options and function",
    "ignored ignored by option",
    "ignored ignored by name",
    "ok context",
  ]);
  assert.deepEqual(printed, [`hooks all${",each,after".repeat(6)}`]);
});

test("module tests: a failure has the author's own places, and its causes", async () => {
  using repo = repoWith(`import assert from "node:assert/strict";
import { kCompute } from "./compute.ts";
Deno.test("sum", () => assert.equal(1 + 1, 3, "no sum"));
Deno.test("deep", () => kCompute());
Deno.test("steps", async (t) => {
  await t.step("first", () => { throw "a word"; });
  await t.step("second", () => {});
});
Deno.test("good", () => {});
`);
  repo.write(
    "echo/compute.ts",
    `export function kCompute(): never {
  throw new Error("outer", { cause: new RangeError("inner") });
}
`,
  );
  const [sum, deep, steps, good] = await runTests(repo.folder);
  assert.deepEqual(sum!.place, { file: "echo/echo_test.ts", line: 3, column: 31 });
  assert.match(sum!.failure!, /no sum\n[^]*\n {4}at \S*echo\/echo_test\.ts:3:31/);
  assert.deepEqual(deep!.place, { file: "echo/compute.ts", line: 2, column: 9 });
  assert.match(
    deep!.failure!,
    /^Error: outer\n[^]*echo_test\.ts:4:25[^]*caused by: RangeError: inner/,
  );
  assert.equal(steps!.failure, 'step first: it threw "a word"');
  assert.deepEqual(names([sum!, deep!, steps!]), ["failed sum", "failed deep", "failed steps"]);
  assert.equal(good!.outcome, "ok");
});

test("module tests: a handler that fails is named by its place in the author's file", async () => {
  using repo = new ScratchRepo();
  repo.edit(
    "echo/echo_runtime.ts",
    "    this.createLaneGroup",
    "    none();\n    this.createLaneGroup",
  );
  repo.edit(
    "echo/echo_runtime.ts",
    "export class",
    `const none = () => {
  throw new Error("no lanes today");
};

export class`,
  );
  const [result] = await runTests(repo.folder);
  assert.equal(result!.outcome, "failed");
  assert.match(result!.failure!, /no lanes today/);
  const place = repo.place("echo/echo_runtime.ts", "new Error(");
  assert.ok(result!.failure!.includes(place), result!.failure!);
});

test("module tests: events that are read after the process has ended leave no timer", async () => {
  using repo = repoWith(`
    Deno.test("prints", () => console.log("a word".repeat(100)));
    for (let k = 0; k < 100; k++) Deno.test(\`quick \${k}\`, () => {});
  `);
  // Busy until the process must have ended, with its last events unread.
  const onOutput = () => {
    const endMs = realClock.nowMs() + 500;
    while (realClock.nowMs() < endMs);
  };
  assert.equal((await runTests(repo.folder, { onOutput })).length, 101);
});

test("module tests: what a test does not await is its failure", async () => {
  using repo = repoWith(`
    Deno.test("rejects", async () => {
      Promise.reject(new Error("lost"));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
    Deno.test("throws later", async () => {
      setTimeout(() => { throw new Error("late"); }, 1);
      await new Promise(() => setInterval(() => {}, 1000));
    });
    Deno.test("good", () => {});
  `);
  const results = await runTests(repo.folder);
  assert.deepEqual(names(results), ["failed rejects", "failed throws later", "ok good"]);
  assert.match(results[0]!.failure!, /lost[^]*echo_test\.ts:3:/);
  assert.match(results[1]!.failure!, /late[^]*echo_test\.ts:7:/);
});

test("module tests: what comes out when a test has just ended is its failure", async () => {
  using repo = repoWith(`
    Deno.test("rejects", () => { Promise.reject(new Error("lost")); });
    Deno.test("good", () => {});
    Deno.test("throws later", () => { setTimeout(() => { throw new Error("late"); }, 0); });
    Deno.test("fails, and rejects", () => {
      Promise.reject(new Error("lost"));
      throw new Error("first");
    });
    Deno.test("last", () => {});
  `);
  const results = await runTests(repo.folder);
  assert.deepEqual(names(results), [
    "failed rejects",
    "ok good",
    "failed throws later",
    "failed fails, and rejects",
    "ok last",
  ]);
  assert.match(results[0]!.failure!, /lost[^]*echo_test\.ts:2:/);
  assert.match(results[2]!.failure!, /late[^]*echo_test\.ts:4:/);
  assert.match(results[3]!.failure!, /first/);
  using early = repoWith(`
    Promise.reject(new Error("lost"));
    Deno.test("good", () => {});
  `);
  assert.deepEqual(names(await runTests(early.folder)), ["failed echo/echo_test.ts", "ok good"]);
});

test("module tests: a module that cannot be loaded is named by its place, and no other", async () => {
  using forbidden = new ScratchRepo();
  forbidden.edit("echo/echo_runtime.ts", "import", 'import "left-pad";\nimport');
  const place = forbidden.place("echo/echo_runtime.ts", "left-pad");
  const [refused] = await runTests(forbidden.folder);
  assert.equal(placeText(refused!.place!), place);
  assert.match(refused!.failure!, /CHI-4021\]: echo\/echo_runtime\.ts:\d+:\d+: /);
  assert.doesNotMatch(refused!.failure!, /file:\/\//);

  using lacking = new ScratchRepo();
  lacking.edit(
    "echo/echo_lib_exec.ts",
    "tasks: []",
    "tasks: [[Method.kDestroy, tasks.CreateTask]]",
  );
  const [missing] = await runTests(lacking.folder);
  const line = Number(lacking.place("echo/echo_runtime.ts", "class Server").split(":")[1]);
  assert.deepEqual(missing!.place, { file: "echo/echo_runtime.ts", line, column: 1 });
  assert.match(missing!.failure!, /class Server has no .*monitorDestroy\(\) of kDestroy/);
  assert.doesNotMatch(missing!.failure!, /file:\/\//);
});

test("module tests: one that never ends is ended, and the others are counted", async () => {
  using repo = repoWith(`
    Deno.test("before", () => {});
    Deno.test({ name: "loops", timeout: 300, fn() { while (true); } });
    Deno.test("after", () => {});
  `);
  const results = await runTests(repo.folder);
  assert.deepEqual(names(results), ["ok before", "failed loops"]);
  assert.match(
    results[1]!.failure!,
    /^it did not end within 300 ms, and was ended; 1 more of this file did not run/,
  );
  assert.equal(results[1]!.ms, 300);
});

test("module tests: the limit holds for tests that wait, and for what they started", async () => {
  using repo = repoWith(`
    Deno.test("waits", async () => {
      const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
      console.log("child " + child.pid);
      await new Promise(() => setInterval(() => {}, 1000));
    });
  `);
  const printed: string[] = [];
  const options = { limitMs: 1000, onOutput: (line: string) => printed.push(line) };
  assert.deepEqual(names(await runTests(repo.folder, options)), ["failed waits"]);
  const child = Number(/^child (\d+)$/.exec(printed.join())?.[1]);
  assert.ok(child > 0, printed.join());
  while (isAlive(child)) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("module tests: one that waits for nothing, or ends the process, is named", async () => {
  using waits = repoWith(`Deno.test("waits", () => new Promise<void>(() => {}));`);
  const [waiting] = await runTests(waits.folder);
  assert.deepEqual([waiting!.name, waiting!.outcome], ["waits", "failed"]);
  using exits = repoWith(`Deno.test("exits", () => Deno.exit(0));`);
  const [exiting] = await runTests(exits.folder);
  assert.match(exiting!.failure!, /its process ended, with exit code 0/);
});

test("module tests: a file that cannot be loaded is a failure with its place", async () => {
  using broken = repoWith("const two = ;\n");
  const [result] = await runTests(broken.folder);
  assert.deepEqual([result!.name, result!.outcome], ["echo/echo_test.ts", "failed"]);
  assert.deepEqual(result!.place, { file: "echo/echo_test.ts", line: 1, column: 13 });
  using throwing = repoWith(`\nthrow new Error("at once");\n`);
  const [thrown] = await runTests(throwing.folder);
  assert.deepEqual(thrown!.place, { file: "echo/echo_test.ts", line: 2, column: 7 });
});

test("module tests: `only` runs one, and is a failure", async () => {
  using repo = repoWith(`
    Deno.test("other", () => { throw new Error("run"); });
    Deno.test["only"]("one", () => {});
  `);
  const results = await runTests(repo.folder);
  assert.deepEqual(names(results), ["ignored other", "ok one", "failed echo/echo_test.ts"]);
});

test("module tests: what only Deno's own runner has is refused, and named", async () => {
  using repo = repoWith(`Deno.test.each([1])("n", () => {});`);
  const [result] = await runTests(repo.folder);
  assert.match(result!.failure!, /`Deno.test.each` is not for `chimaera repo check`/);
});

test("module tests: modules that are imported by name are those of the repo", async () => {
  using repo = repoWith(`Deno.test("nothing", () => {});`);
  repo.write("user/chimaera_mod.yaml", "name: user\n");
  repo.write(
    "user/deep/user_test.ts",
    `import { Client } from "example/echo_client";
import { Client as Same } from "../../echo/echo_client.ts";
const { Client: Late } = await import("example/echo_client");
Deno.test("same class", () => {
  if (Client !== Same || Late !== Same) throw new Error("another");
});
`,
  );
  const results = await runTests(repo.folder);
  assert.deepEqual(results.map(({ outcome }) => outcome), ["ok", "ok"]);
});

test("module tests: the repo is as it was, and nothing of the copy is left", async () => {
  using repo = repoWith(`Deno.test("writes", () => {
    Deno.writeTextFileSync("made.txt", "");
    console.log("here " + Deno.cwd() + " " + import.meta.dirname);
    console.log([...Deno.cwd()].join("|"));
  });`);
  const printed: string[] = [];
  const before = [...Deno.readDirSync(repo.folder)].map(({ name }) => name).sort();
  await runTests(repo.folder, { onOutput: (line) => printed.push(line) });
  assert.deepEqual([...Deno.readDirSync(repo.folder)].map(({ name }) => name).sort(), before);
  const [places, letters] = printed;
  assert.equal(places, `here ${repo.folder} ${repo.folder}/echo`);
  const copy = letters!.replaceAll("|", "");
  assert.match(copy, /\/chimaera-check-\w+\/repo$/);
  assert.throws(() => Deno.statSync(copy.replace(/\/repo$/, "")), Deno.errors.NotFound);
});

test("module tests: they end when they are asked to", async () => {
  using repo = repoWith(`Deno.test("waits", async () => {
    console.log("begun");
    await new Promise(() => setInterval(() => {}, 1000));
  });`);
  const end = new AbortController();
  const running = runTests(repo.folder, {
    signal: end.signal,
    onOutput: () => end.abort(new Error("enough")),
  });
  await assert.rejects(running, /enough/);
});

test("module tests: a process that left the group and holds the output is not waited for", async () => {
  using repo = repoWith(`
    Deno.test("leaves one behind", () => {
      const { pid } = new Deno.Command("sleep", { args: ["600"], detached: true }).spawn();
      console.log("pid " + pid);
    });
  `);
  const printed: string[] = [];
  await runTests(repo.folder, { onOutput: (line) => printed.push(line) });
  const pid = Number(/^pid (\d+)$/m.exec(printed.join("\n"))![1]);
  assert.ok(isAlive(pid));
  Deno.kill(pid, "SIGKILL");
});

test("module tests: a module whose folder is a link is copied as one", async () => {
  using repo = repoWith(`
    import "example/echo_tasks";
    Deno.test("there", () => {});
  `);
  using other = new ScratchRepo();
  Deno.removeSync(`${other.folder}/echo`, { recursive: true });
  Deno.symlinkSync(`${repo.folder}/echo`, `${other.folder}/echo`);
  assert.deepEqual(names(await runTests(other.folder)), ["ok there"]);
});
