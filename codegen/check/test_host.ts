/**
 * Runs the tests of one file, in a process that the program started for it: gives the file a
 * `Deno.test`, imports it, calls what it declared, and tells what happens.
 *
 * Sanitizers are not here: they look into Deno's own runner. `repo check` sees what a test leaves
 * behind in the node that the test starts, which asserts it when it closes.
 *
 * Thread rules: the main isolate; one per process.
 */

import { realClock } from "../../runtime/platform/mod.ts";
import { definitionOf, type TestBody, type TestDefinition, unknown } from "./test_definition.ts";
import type { TestEvent } from "./test_events.ts";

const HOOKS = ["beforeAll", "beforeEach", "afterEach", "afterAll"] as const;
type Hook = typeof HOOKS[number];

/** Taken before a test can put another one in its place. */
const setTimer = setTimeout;

/** How often the event loop goes round until what was thrown with nobody waiting is known. */
const TURNS = 2;

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setTimer(resolve, 0));
}

/** Runs the tests of a file and tells of each. */
export async function hostTests(
  fileUrl: string,
  tell: (event: TestEvent) => void,
): Promise<void> {
  const host = new TestHost(tell);
  host.install();
  try {
    await import(fileUrl);
    await settled();
  } catch (thrown) {
    tell({ kind: "failed", failure: failureText(thrown) });
    return tell({ kind: "done" });
  }
  await host.run(fileUrl);
  tell({ kind: "done" });
}

class TestHost {
  readonly #tell: (event: TestEvent) => void;
  readonly #tests: TestDefinition[] = [];
  readonly #hooks: Record<Hook, (() => void | Promise<void>)[]> = {
    beforeAll: [],
    beforeEach: [],
    afterEach: [],
    afterAll: [],
  };
  /** Ends the test that runs, when something fails that it does not await. */
  #fail: ((thrown: unknown) => void) | null = null;

  constructor(tell: (event: TestEvent) => void) {
    this.#tell = tell;
  }

  /** Puts this host's `Deno.test` in place, and looks after what nobody awaits. */
  install(): void {
    const add = (mark?: "ignore" | "only") => (...words: unknown[]) => {
      const definition = definitionOf(words);
      this.#tests.push(mark === undefined ? definition : { ...definition, [mark]: true });
    };
    const each = () => {
      throw unknown("`Deno.test.each`");
    };
    const hooks = HOOKS.map((hook) => {
      return [hook, (call: () => void | Promise<void>) => void this.#hooks[hook].push(call)];
    });
    const test = Object.assign(add(), {
      ...Object.fromEntries(hooks),
      ignore: Object.assign(add("ignore"), { each }),
      only: Object.assign(add("only"), { each }),
      each,
      sanitizer: () => {},
    });
    Object.defineProperty(Deno, "test", { value: test, configurable: true, writable: true });
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      this.#stray(event.reason);
    });
    addEventListener("error", (event) => {
      event.preventDefault();
      this.#stray(event.error);
    });
  }

  #stray(thrown: unknown): void {
    if (this.#fail !== null) this.#fail(thrown);
    else this.#tell({ kind: "failed", failure: failureText(thrown) });
  }

  async run(origin: string): Promise<void> {
    this.#tell({ kind: "plan", names: this.#tests.map(({ name }) => name) });
    const isOnly = this.#tests.some(({ only }) => only);
    const isRun = (test: TestDefinition) => !test.ignore && (test.only || !isOnly);
    if (this.#tests.some(isRun)) await this.#runHooks("beforeAll");
    for (const test of this.#tests) {
      if (isRun(test)) await this.#runTest(test, origin);
      else this.#tell({ kind: "end", name: test.name, outcome: "ignored", ms: 0 });
    }
    if (this.#tests.some(isRun)) await this.#runHooks("afterAll");
    if (isOnly) {
      const failure = "a test has `only`, which leaves out the others: take it away again";
      this.#tell({ kind: "failed", failure });
    }
  }

  /** Hooks around all tests; what they throw is the file's failure. */
  async #runHooks(hook: Hook): Promise<void> {
    try {
      for (const call of this.#hooks[hook]) await call();
      await settled();
    } catch (thrown) {
      this.#tell({ kind: "failed", failure: `${hook}: ${failureText(thrown)}` });
    }
  }

  async #runTest({ name, body, timeoutMs }: TestDefinition, origin: string): Promise<void> {
    this.#tell({ kind: "begin", name, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    const beganMs = realClock.nowMs();
    const { promise: stray, reject } = Promise.withResolvers<never>();
    stray.catch(() => {}); // It is raced below; it may also fail when that is over.
    this.#fail = reject;
    let failure: string | undefined;
    let ms = 0;
    try {
      await Promise.race([this.#call(new Context(name, origin), body), stray]);
      ms = Math.round(realClock.nowMs() - beganMs);
      await Promise.race([settled(), stray]);
    } catch (thrown) {
      ms = Math.round(realClock.nowMs() - beganMs);
      failure = failureText(thrown);
      await settled(); // What else it leaves behind is not the next test's.
    }
    this.#fail = null;
    if (failure === undefined) this.#tell({ kind: "end", name, outcome: "ok", ms });
    else this.#tell({ kind: "end", name, outcome: "failed", ms, failure });
  }

  async #call(context: Context, body: TestBody): Promise<void> {
    for (const call of this.#hooks.beforeEach) await call();
    try {
      await body(context);
      context.assertStepsPassed();
    } finally {
      for (const call of this.#hooks.afterEach) await call();
    }
  }
}

/** What a test's function gets: its name, and steps. */
class Context implements Deno.TestContext {
  readonly name: string;
  readonly origin: string;
  readonly parent?: Deno.TestContext;
  readonly #failures: string[] = [];

  constructor(name: string, origin: string, parent?: Context) {
    this.name = name;
    this.origin = origin;
    if (parent !== undefined) this.parent = parent;
  }

  /** Runs a part of the test; false when it failed, and the test with it. */
  async step(...words: unknown[]): Promise<boolean> {
    const { name, body, ignore } = definitionOf(words);
    if (ignore) return true;
    const inner = new Context(name, this.origin, this);
    try {
      await body(inner);
      inner.assertStepsPassed();
      return true;
    } catch (thrown) {
      this.#failures.push(`step ${name}: ${failureText(thrown)}`);
      return false;
    }
  }

  assertSnapshot(): Promise<void> {
    throw unknown("`assertSnapshot`");
  }

  assertStepsPassed(): void {
    if (this.#failures.length > 0) throw new StepsFailed(this.#failures.join("\n"));
  }
}

/** Steps of a test failed; its text is all there is to say. */
class StepsFailed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An error with its stack and those below it; anything else as Deno shows it. */
function failureText(thrown: unknown): string {
  if (thrown instanceof StepsFailed) return thrown.text;
  if (!(thrown instanceof Error)) return `it threw ${Deno.inspect(thrown)}`;
  const text = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  const below = thrown.cause === undefined ? "" : failureText(thrown.cause);
  return text.includes(below) ? text : `${text}\ncaused by: ${below}`;
}
