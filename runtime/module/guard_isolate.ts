/**
 * Keeps a module from ending the isolate that it runs in.
 *
 * `Deno.exit`, `process.exit` and `self.close` throw CHI-4010, which fails the task that called
 * them. A rejection that nobody handles is reported and does not end the worker.
 *
 * Thread rules: called once per worker isolate.
 */

import { ChimaeraError } from "../errors.ts";

/** Installs the guards. Returns the real way to close the isolate. */
export function guardIsolate(): () => void {
  const close = self.close.bind(self);
  const refuse = (name: string) => (): never => {
    throw new ChimaeraError("handlerExit", {
      what: `call ${name} in a module`,
      why: "it would end the node",
    });
  };
  Object.defineProperty(Deno, "exit", { value: refuse("Deno.exit"), configurable: true });
  Object.defineProperty(self, "close", { value: refuse("self.close"), configurable: true });
  const { process } = globalThis as { process?: { exit?: unknown } };
  if (process !== undefined) {
    Object.defineProperty(process, "exit", { value: refuse("process.exit"), configurable: true });
  }
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report("a promise that nobody waits for was rejected", event.reason);
  });
  self.addEventListener("error", (event) => {
    event.preventDefault();
    report("an error outside any handler", event.error);
  });
  return close;
}

function report(what: string, thrown: unknown): void {
  const text = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
  console.error(`warning: module: ${what}: ${text}`);
}
