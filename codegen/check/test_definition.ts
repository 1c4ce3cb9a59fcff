/**
 * The forms in which `Deno.test` may be called, made one.
 *
 * Thread rules: none; pure functions.
 */

/** What a test's function is called with. */
export type TestBody = (context: Deno.TestContext) => void | Promise<void>;

/** A test, whichever way it was declared. */
export interface TestDefinition {
  readonly name: string;
  readonly body: TestBody;
  readonly ignore: boolean;
  readonly only: boolean;
  /** Its own limit. */
  readonly timeoutMs?: number;
}

/** What Deno's runner has and this one has not. */
const UNKNOWN_OPTIONS: readonly string[] = ["retry", "repeats"];

/**
 * The test that a call declares:
 *
 *   (name, fn)   (fn)   (definition)   (name, options, fn)   (options, fn)
 */
export function definitionOf(words: readonly unknown[]): TestDefinition {
  let name: string | undefined;
  let body: unknown;
  let options: Partial<Deno.TestDefinition> = {};
  for (const word of words) {
    if (typeof word === "string") name = word;
    else if (typeof word === "function") body = word;
    else if (typeof word === "object" && word !== null) options = word;
  }
  body ??= options.fn;
  if (typeof body !== "function") throw new TypeError("Deno.test: there is no function to call");
  name ??= options.name ?? body.name;
  if (name === "") throw new TypeError("Deno.test: the test has no name");
  for (const option of UNKNOWN_OPTIONS) {
    if (option in options) throw unknown(`the option \`${option}\``);
  }
  return {
    name,
    body: body as TestBody,
    ignore: options.ignore === true,
    only: options.only === true,
    ...(options.timeout ? { timeoutMs: options.timeout } : {}),
  };
}

/** The error for what only Deno's own runner has. */
export function unknown(what: string): Error {
  return new Error(`${what} is not for \`chimaera repo check\`; \`deno test -P\` has it`);
}
