/**
 * Every error that Chimaera reports, in one table.
 *
 * A code is permanent: programs match on it, documentation and `hint:` lines point to it. Its
 * number crosses shared memory and sockets as a u32; the text travels beside it.
 *
 *   1xxx command line and files    2xxx memory        3xxx tasks      4xxx modules and lanes
 *   5xxx sessions and nodes        6xxx codecs        7xxx platform
 *
 * Thread rules: none; plain values.
 */

import { authorFrames, authorPlace } from "./source_paths.ts";

/** Code number and what the reader should do next, by name. */
export const ERRORS = {
  usage: { code: 1001, hint: "run the command with --help" },
  fileNotFound: { code: 1101, hint: "check the path" },
  fileUnreadable: { code: 1102, hint: "check the permissions of the file and of its folders" },
  fileIsDirectory: { code: 1103, hint: "name a file; a folder can be packed with tar first" },
  fileExists: { code: 1104, hint: "choose another output with -o, or pass --force" },
  diskFull: { code: 1105, hint: "free some space or write to another disk with -o" },
  fileIo: { code: 1106, hint: "the cause names the system's own error" },
  sameFile: { code: 1107, hint: "choose another output with -o" },
  selftest: { code: 1201, hint: "this machine cannot do what is named here" },
  repoNotFound: {
    code: 1301,
    hint: "name a folder with a chimaera_repo.yaml, or make one with `chimaera repo new`",
  },
  badManifest: { code: 1302, hint: "mend the line that is named here" },
  badName: { code: 1303, hint: "choose a name like `my_module`" },
  badMethods: { code: 1304, hint: "mend the line that is named here, then refresh again" },
  repoOutOfDate: { code: 1305, hint: "run `chimaera repo refresh`" },
  repoNotWritten: { code: 1306, hint: "nothing was overwritten; choose another name or folder" },
  repoCheck: { code: 1307, hint: "mend what is listed above, and check again" },
  notReformatted: { code: 1308, hint: "mend what is named here; nothing else was changed" },
  badModuleFile: { code: 1309, hint: "mend the line that is named here, then refresh again" },
  internal: { code: 1901, hint: "this is a defect of Chimaera: please report it with these lines" },
  programDamaged: { code: 1902, hint: "build the executable again, or copy it again" },
  noProgramCache: {
    code: 1903,
    hint:
      "set CHIMAERA_CACHE to a folder of your own with 110 MB free on a disk that runs programs",
  },
  outOfMemory: { code: 2001, hint: "free blocks you no longer need, or ask for a larger segment" },
  badPointer: { code: 2002, hint: "pass only pointers that this session allocated" },
  doubleFree: { code: 2003, hint: "free a block once; `using` frees it at the end of its scope" },
  useAfterFree: { code: 2004, hint: "keep the block until every task that names it is done" },
  redZone: { code: 2005, hint: "a write went past the end of the block named here" },
  badSegment: { code: 2006, hint: "the file is not a Chimaera segment of this version" },
  sessionMemory: { code: 2007, hint: "close idle sessions, or give the node more memory" },
  badSize: { code: 2008, hint: "a size is a whole number of bytes, from 0 on" },
  badField: { code: 3001, hint: "see the field's kind in the module's *_tasks.ts" },
  layoutMismatch: {
    code: 3002,
    hint: "the client was built against another version of the module: run `chimaera repo refresh`",
  },
  sizeAboveCapacity: { code: 3003, hint: "pass a destination of at least the size named here" },
  handlerThrew: { code: 3004, hint: "the stack names the line in the module" },
  timeout: { code: 3005, hint: "raise timeoutMs, or look at `chimaera status` for a stalled lane" },
  aborted: { code: 3006, hint: "the caller's AbortSignal fired; the task may still have run" },
  waitSyncInHandler: { code: 3007, hint: "use `await task.wait()` inside a handler" },
  noRunContext: { code: 3008, hint: "call the other module as `client.in(rctx).method(…)`" },
  badDescriptor: { code: 3009, hint: "the client wrote a malformed task; its session is closed" },
  taskState: {
    code: 3010,
    hint: "a task is allocated, submitted, waited for and freed, once each",
  },
  noFreeSlot: {
    code: 3011,
    hint: "`await client.asyncX.paced(…)` waits for room; a program may also open another port",
  },
  waitSyncOnNodeThread: {
    code: 3012,
    hint: "creating pools needs the thread that runs the node: use `await`",
  },
  waitSyncOnSocket: {
    code: 3014,
    hint: "use `await task.wait()`; this program could not start the thread that blocking needs",
  },
  lockKept: { code: 3020, hint: "take locks with `using _ = await lock.lock(rctx)`" },
  lockTwice: { code: 3021, hint: "lock once in a task, or use the variant that is not strict" },
  lockDeadlock: {
    code: 3022,
    hint: "leave the read lock and ask for the write lock, or ask for that from the start",
  },
  poolNotFound: { code: 4001, hint: "create the pool first; `chimaera pool list` shows all" },
  poolExists: { code: 4002, hint: "use the same parameters, or another pool name" },
  moduleNotFound: { code: 4003, hint: "check the library name, `<namespace>_<module>`" },
  methodNotFound: { code: 4004, hint: "run `chimaera repo refresh` on the module's repo" },
  moduleLoad: { code: 4005, hint: "mend what is named here in the module, and load it again" },
  badLaneGroup: { code: 4006, hint: "create the group in create(), with 1 to 1024 lanes" },
  noLane: { code: 4007, hint: "mapTaskToLane must return a lane of this container" },
  workerDied: { code: 4008, hint: "see the node's log for the cause" },
  workerStalled: { code: 4009, hint: "a handler must not block: split the work or make it async" },
  handlerExit: { code: 4010, hint: "a module must not end the process; return an error instead" },
  domainEmpty: { code: 4011, hint: "the query selects no container of the pool" },
  badDomain: {
    code: 4012,
    hint: "write it like local, direct:N, direct_hash:N, range:A:N, broadcast or dynamic",
  },
  notAdmin: { code: 4013, hint: "only the admin module may do this; send it a task instead" },
  poolInUse: { code: 4014, hint: "put another policy in its place first; the admin's pool stays" },
  badPolicy: { code: 4015, hint: "mend the policy's kSchedule; the one before it stays in force" },
  strayFailure: {
    code: 4016,
    hint: "await every promise, and catch what callbacks of timers throw",
  },
  laneBusy: {
    code: 4017,
    hint:
      "the lane runs on where it was: move it when it is idle, or save its state by saveState()",
  },
  laneMoveFailed: { code: 4018, hint: "the lane runs on where it was; mend what is named here" },
  recycleFailed: { code: 4019, hint: "the worker's thread runs on; mend what is named here" },
  handlerGoesOn: { code: 4020, hint: "a handler must end soon after its `rctx.signal` has fired" },
  badImport: {
    code: 4021,
    hint: "copy the code into the module's folder, or reach it through another module's client",
  },
  moduleConflict: { code: 4022, hint: "give one of the repos another namespace, and refresh it" },
  moduleAmbiguous: { code: 4023, hint: "name the library in full: `<namespace>_<module>`" },
  moduleInUse: { code: 4024, hint: "end its pools first, by `chimaera pool destroy`" },
  upgradeFailed: { code: 4025, hint: "the old version serves on; mend what is named here" },
  leak: { code: 4026, hint: "give back what is named here before the node is closed" },
  simulationStuck: {
    code: 4027,
    hint:
      "in a node with a seed, wait for subtasks, locks, `rctx.sleep`, `delay` or a DiskFile; without a seed for anything",
  },
  seedFailed: { code: 4028, hint: "the cause is the test's own error" },
  nodeNotRunning: { code: 5001, hint: "start one with `chimaera serve`" },
  nodeRunning: { code: 5002, hint: "use it, or stop it with `chimaera stop`" },
  protocolVersion: { code: 5003, hint: "run client and node from the same version" },
  connectFailed: { code: 5004, hint: "see `chimaera status`" },
  nodeLost: {
    code: 5005,
    hint: "its standard error says why; start it again, then connect and send again",
  },
  sessionClosed: { code: 5006, hint: "connect again" },
  noSession: { code: 5007, hint: "call connect() first, or pass the session to the client" },
  tooManySessions: { code: 5008, hint: "close idle clients" },
  tooManyPorts: { code: 5009, hint: "a session has 16 ports; share one between more work" },
  runtimeDirectory: { code: 5010, hint: "set CHIMAERA_RUNTIME_DIR to a private, writable folder" },
  shutdown: { code: 5011, hint: "connect again when the node has been started again" },
  codecUnknown: { code: 6001, hint: "use lz4, zstd, gzip, deflate or none" },
  codecCorrupt: { code: 6002, hint: "the data is damaged, cut short, or not of this format" },
  codecUnavailable: { code: 6003, hint: "install the library, or choose another codec" },
  codecLimit: {
    code: 6004,
    hint: "pass a larger destination, or smaller pieces; a size that cannot be is damage",
  },
  codecFailed: { code: 6005, hint: "the library's own error is the cause" },
  tooManyStreams: { code: 6006, hint: "close a stream first, or make the pool with more lanes" },
  ffiUnavailable: { code: 7001, hint: "run with --allow-ffi on Linux" },
  systemCall: { code: 7002, hint: "the cause names the system call and errno" },
} as const;

/** Name of an entry of {@linkcode ERRORS}. */
export type ErrorName = keyof typeof ERRORS;

/** Parts of an error's text. */
export interface ErrorDetails {
  /** What failed, as a short noun phrase: `compress input.bin`. */
  readonly what: string;
  /** Why it failed. */
  readonly why: string;
  /** What to do next; the table's hint when absent. */
  readonly hint?: string | undefined;
  /** The error below this one. */
  readonly cause?: unknown;
}

const NAME_BY_CODE = new Map<number, ErrorName>(
  (Object.keys(ERRORS) as ErrorName[]).map((name) => [ERRORS[name].code, name]),
);

/**
 * The one error class of Chimaera: a permanent code, what failed, why, and what to do next.
 *
 * @example
 * ```ts
 * import { ChimaeraError } from "chimaera";
 * const error = new ChimaeraError("fileNotFound", { what: "compress a.bin", why: "no such file" });
 * console.assert(error.code === "CHI-1101");
 * ```
 */
export class ChimaeraError extends Error {
  /** `CHI-nnnn`. */
  readonly code: string;
  /** Name in the table. */
  readonly kind: ErrorName;
  /** What failed, as a short noun phrase. */
  readonly what: string;
  /** Why it failed; `message` is `what: why`. */
  readonly why: string;
  /** What to do next; never empty. */
  readonly hint: string;

  /**
   * With the text of a message that says what failed and why.
   *
   * @param kind Entry of {@linkcode ERRORS}: gives the code, and the hint when `details` has none.
   */
  constructor(kind: ErrorName, details: ErrorDetails) {
    super(`${details.what}: ${details.why}`, { cause: details.cause });
    this.kind = kind;
    this.code = `CHI-${ERRORS[kind].code}`;
    this.name = `ChimaeraError [${this.code}]`; // All that is shown of one that nobody catches.
    this.what = details.what;
    this.why = details.why;
    this.hint = details.hint ?? ERRORS[kind].hint;
  }

  /** The number that crosses shared memory. */
  get number(): number {
    return ERRORS[this.kind].code;
  }

  /** The two lines a person sees. */
  format(): string {
    return `error[${this.code}]: ${oneLine(`${this.what}: ${this.why}`)}\nhint: ${
      oneLine(this.hint)
    }`;
  }
}

/** Text that a terminal shows as it is: line ends and control characters of names are escaped. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === "\n") return "\\n";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** The table's name of a code number, if there is one. */
export function errorNameOf(code: number): ErrorName | undefined {
  return NAME_BY_CODE.get(code);
}

/** Turns whatever was thrown into a {@linkcode ChimaeraError}; a string, `null` and friends too. */
export function toChimaeraError(
  thrown: unknown,
  kind: ErrorName,
  what: string,
): ChimaeraError {
  if (thrown instanceof ChimaeraError) return thrown;
  const why = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return new ChimaeraError(kind, { what, why, cause: thrown });
}

/** As {@linkcode toChimaeraError}; what a module has thrown is said with its place there. */
export function toPlacedError(thrown: unknown, kind: ErrorName, what: string): ChimaeraError {
  const error = toChimaeraError(thrown, kind, what);
  if (error === thrown || !(thrown instanceof Error)) return error;
  const place = authorPlace(thrown.stack ?? "");
  if (place === null) return error;
  return new ChimaeraError(kind, { what, why: `${error.why} (${place})`, cause: thrown });
}

/** Where in a module an error came from: the frames of its cause. Empty when there are none. */
export function moduleStackOf(error: ChimaeraError): string {
  const stack = error.cause instanceof Error ? authorFrames(error.cause.stack ?? "") : "";
  // A message may stand before the frames; it is the error's own reason already.
  const frames = `\n${stack}`.indexOf("\n    at ");
  return frames < 0 ? stack : stack.slice(frames);
}

/**
 * An error as it was before it crossed to this isolate, with the stack that it had there.
 *
 * @param stack As {@linkcode moduleStackOf} told; empty for none.
 */
export function errorFromElsewhere(
  kind: ErrorName,
  details: ErrorDetails,
  stack: string,
): ChimaeraError {
  if (stack === "") return new ChimaeraError(kind, details);
  const cause = new Error(details.why);
  cause.stack = stack;
  const error = new ChimaeraError(kind, { ...details, cause });
  error.stack = `${error.name}: ${error.message}\n    in the module:\n${stack}`;
  return error;
}
