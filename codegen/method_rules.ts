/**
 * Names and numbers that methods may have.
 *
 *   0 … 5           inherited: kCreate kDestroy kNodeFailure kRecover kMigrate kUpgrade
 *   6 … 9           kept for inherited methods to come
 *   10 … 2^32 − 1   a module's own
 *   −1              off
 *
 * A method becomes members of the module's classes: `kCompress` is `compress` and
 * `monitorCompress` of its `Server`, `compress` and `asyncCompress` of its `Client`. So a name is
 * refused when those would be other members already.
 *
 * Thread rules: none; pure functions.
 */

import { LIMITS } from "../runtime/limits.ts";
import { handlerName } from "../runtime/repo/mod.ts";

/** Methods that every module has, with their permanent numbers. */
export const INHERITED: Readonly<Record<string, number>> = {
  kCreate: 0,
  kDestroy: 1,
  kNodeFailure: 2,
  kRecover: 3,
  kMigrate: 4,
  kUpgrade: 5,
};

/** The number that turns a method off. */
export const OFF = -1;

/** The first number of a module's own methods. */
export const OWN_METHOD_MIN = 10;

/** The last one. */
export const OWN_METHOD_MAX = 2 ** 32 - 1;

const METHOD_NAME = /^k[A-Z][A-Za-z0-9_]*$/;
const DIGITS = /^(?:0|-?[1-9][0-9]*)$/;

/** What all objects have, and what would make a client a promise. */
const OBJECT_MEMBERS = [
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "then",
  "toLocaleString",
  "toString",
  "valueOf",
];

/** Members of `Module` and `ModuleClient` that are no methods of the YAML; a test compares them. */
export const BASE_MEMBERS: Readonly<Record<"Module" | "ModuleClient", readonly string[]>> = {
  Module: [
    "allocBlock",
    "close",
    "createLaneGroup",
    "getLane",
    "getLaneByHash",
    "getLeastLoadedLane",
    "lane",
    "mapTaskToLane",
    "movedAway",
    "node",
    "open",
    "perWorker",
    "poolId",
    "poolName",
    "restoreState",
    "saveState",
    "shared",
    "workerCount",
  ],
  ModuleClient: ["copyFor", "destroy", "in", "init", "poolId", "submitter"],
};

/** Why a word cannot name a method; null when it can. */
export function methodNameProblem(name: string): string | null {
  if (!METHOD_NAME.test(name)) {
    return "it is no method's name: write k, a capital letter, then letters, digits and _";
  }
  if (name.length > LIMITS.methodNameCharacters) {
    return `its ${name.length} characters are more than ${LIMITS.methodNameCharacters}; shorten it`;
  }
  const handler = handlerName(name);
  if (OBJECT_MEMBERS.includes(handler)) {
    return `\`${handler}\` is a member that JavaScript gives a meaning; choose another name`;
  }
  for (const [base, members] of Object.entries(BASE_MEMBERS)) {
    if (members.includes(handler)) {
      return `\`${handler}\` is a member of ${base} already; choose another name`;
    }
  }
  return null;
}

/**
 * Reads the number of a method as it is written.
 *
 * @param value As YAML understands it.
 * @param source As it stands there.
 * @returns The number; or why it is none that the method may have.
 */
export function methodNumber(name: string, value: unknown, source: string): number | string {
  if (source === "") return "it has no number; -1 turns it off";
  if (typeof value !== "number" || !DIGITS.test(source)) {
    const quoted = typeof value === "string" && DIGITS.test(source) ? " without quotes" : "";
    return `\`${source}\` is no whole number; write digits${quoted}`;
  }
  const own = INHERITED[name];
  if (value === OFF) {
    return own === 0 ? "it cannot be off: every module is created; write 0" : OFF;
  }
  if (own !== undefined) {
    if (value === own) return value;
    return `${source} is not its number; write ${own}${own === 0 ? "" : ", or -1 to turn it off"}`;
  }
  if (value < 0) return `${source} is no method's number; -1 turns a method off`;
  const inherited = Object.entries(INHERITED).find(([, id]) => id === value);
  const next = `own methods are numbered from ${OWN_METHOD_MIN} on`;
  if (inherited !== undefined) return `${source} is the number of ${inherited[0]}; ${next}`;
  if (value < OWN_METHOD_MIN) return `${source} is kept for inherited methods to come; ${next}`;
  if (value > OWN_METHOD_MAX) return `${source} is too large; the last number is ${OWN_METHOD_MAX}`;
  return value;
}

/**
 * The members and types that a method becomes, spelled so that two methods whose names a reader
 * could take for each other have one in common.
 */
export function derivedNames(name: string): string[] {
  const fold = name.slice(1).replaceAll("_", "").toLowerCase();
  return [fold, `monitor${fold}`, `async${fold}`];
}
