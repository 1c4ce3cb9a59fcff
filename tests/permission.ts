/**
 * `Deno.test` and `Deno.bench` for what needs the machine.
 *
 * `deno test -P` grants what `permissions.default` in `deno.json` says and runs everything. A bare
 * `deno test` grants nothing: what was registered through {@linkcode test} is then listed as
 * ignored, under a name that says how to run it, and the command still succeeds. Tests of plain
 * values use `Deno.test` and run either way.
 *
 * @example
 * ```ts ignore
 * import { test } from "../../tests/permission.ts";
 *
 * test("a sealed segment keeps its size", () => {});
 * ```
 */

const NEEDED = ["read", "write", "env", "sys", "run", "ffi", "net"] as const;

/** Whether this process may use files, the environment, processes, FFI and sockets. */
export function permitted(): boolean {
  return NEEDED.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** The name that any of the forms of `Deno.test` and `Deno.bench` was called with. */
function nameOf(args: readonly unknown[]): string {
  for (const arg of args) {
    if (typeof arg === "string") return arg;
    const { name } = arg as { name?: string };
    if (name) return name;
  }
  return "unnamed";
}

function deniedTest(...args: readonly unknown[]): void {
  Deno.test.ignore(`${nameOf(args)} [needs permissions: deno test -P]`, () => {});
}

function deniedBench(...args: readonly unknown[]): void {
  // The reporter does not list ignored benches, so the name is said here.
  console.log(`${nameOf(args)} ... ignored [needs permissions: deno bench -P]`);
  Deno.bench({ name: nameOf(args), ignore: true, fn: () => {} });
}

/** `Deno.test`, ignored where permissions are missing. */
export const test = (permitted() ? Deno.test : deniedTest) as typeof Deno.test;

/** `Deno.bench`, ignored where permissions are missing. */
export const bench = (permitted() ? Deno.bench : deniedBench) as typeof Deno.bench;
