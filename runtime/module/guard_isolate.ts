/**
 * Keeps a module from ending the isolate that it runs in, and finds out whose a failure is that
 * nobody awaits.
 *
 * `Deno.exit`, `process.exit` and `self.close` throw CHI-4010, which fails the task that called
 * them. A rejection that nobody handles, or a callback that throws, fails the task of the handler
 * that it comes from (CHI-4016); when that has ended, or cannot be told, it is reported on standard
 * error. The worker goes on.
 *
 * Thread rules: called once per worker isolate.
 */

import { ChimaeraError, moduleStackOf } from "../errors.ts";
import { type HandlerOwner, handlerOwners, strayFailure } from "../lane/mod.ts";
import { moduleInStack } from "./load_module.ts";

const REJECTED = "a promise that nobody waits for was rejected";
const THREW = "a callback threw";

/** In a stack: the runtime's own code of `process.exit`. */
const FROM_PROCESS = /\(node:process:/;

type Attribute = (owner: HandlerOwner | undefined, how: string, thrown: unknown) => void;

/**
 * Installs the guards. Returns the real way to close the isolate.
 *
 * @param onStray Called for a failure that was no task's.
 */
export function guardIsolate(onStray: () => void): () => void {
  const attribute = (owner: HandlerOwner | undefined, how: string, thrown: unknown) => {
    if (!failOwner(owner, how, thrown)) onStray();
  };
  const close = self.close.bind(self);
  const refuse = (name: string) => (): never => {
    const isProcess = name === "Deno.exit" && FROM_PROCESS.test(new Error().stack ?? "");
    throw new ChimaeraError("handlerExit", {
      what: `call ${isProcess ? "process.exit" : name} in a module`,
      why: "it would end the node",
    });
  };
  // `process.exit` ends here too, when its listeners have run. It is not replaced itself: to look at
  // `process` makes it.
  Object.defineProperty(Deno, "exit", { value: refuse("Deno.exit"), configurable: true });
  Object.defineProperty(self, "close", { value: refuse("self.close"), configurable: true });
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) ownCallbacks(name, attribute);
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    attribute(handlerOwners.current, REJECTED, event.reason);
  });
  self.addEventListener("error", (event) => {
    event.preventDefault();
    attribute(handlerOwners.current, THREW, event.error);
  });
  return close;
}

/** A timer's failure is told of after its callback's owner has left the async store. */
function ownCallbacks(name: string, attribute: Attribute): void {
  type Timer = (callback: unknown, ...rest: unknown[]) => unknown;
  const timers = globalThis as unknown as Record<string, Timer>;
  const real = timers[name]!;
  const owned: Timer = (callback, ...rest) => {
    const owner = handlerOwners.current;
    if (owner === undefined || typeof callback !== "function") return real(callback, ...rest);
    return real((...args: unknown[]) => {
      try {
        callback(...args);
      } catch (thrown) {
        attribute(owner, THREW, thrown);
      }
    }, ...rest);
  };
  Object.defineProperties(owned, Object.getOwnPropertyDescriptors(real));
  timers[name] = owned;
}

/** Fails the task that a failure belongs to, or reports it. Whether there was one. */
function failOwner(owner: HandlerOwner | undefined, how: string, thrown: unknown): boolean {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const name = owner?.name ?? moduleInStack(stack) ?? "a module";
  const error = strayFailure(name, how, thrown);
  if (owner?.fail(error)) return true;
  console.error(`${error.format()}\n${moduleStackOf(error)}`);
  return false;
}
