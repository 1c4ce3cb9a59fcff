/**
 * The runtime directory: where a node can be found.
 *
 *   <runtime directory>/<instance>/lock           held while the node lives
 *                                  node.json      who it is, for people and clients
 *                                  control.sock   where clients knock
 *                                  worker-N.sock  doorbells
 *
 * The runtime directory is `$CHIMAERA_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/chimaera`, else a
 * private one in the temporary directory. A lock that can be taken means that the node is dead,
 * whatever its files say; process numbers are for messages.
 */

import { ChimaeraError } from "../errors.ts";
import { fnv1a } from "../task/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  environment,
  listFolder,
  LockFile,
  makePrivateFolder,
  ownerOf,
  processId,
  readText,
  realClock,
  removeAll,
  userId,
  VERSION,
  writeWhole,
} from "../platform/mod.ts";

export const DEFAULT_INSTANCE = "default";
/** Where segments are that cannot be memory files, if the system has it. */
export const SEGMENT_FILES_FOLDER = "/dev/shm";
/** Version of the frames on the control socket; both sides must have the same. */
export const PROTOCOL_VERSION = 1;

/** What `node.json` says. */
export interface NodeRecord {
  /** Name of the instance. */
  readonly instance: string;
  /** Process of the node. For messages: the lock says whether the node lives. */
  readonly pid: number;
  /** Version of the frames on the control socket. */
  readonly protocol: number;
  /** The program's version. */
  readonly version: string;
  /** Worker threads. */
  readonly workers: number;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
}

/** What a node of this process, which starts now, says of itself. */
export function recordOfThis(instance: string, workers: number): NodeRecord {
  return {
    instance,
    pid: processId(),
    protocol: PROTOCOL_VERSION,
    version: VERSION,
    workers,
    startedMs: realClock.wallMs(),
  };
}

/** Bytes of a unix socket's path, by the system. */
const SOCKET_PATH_BYTES_MAX = 107;
/** More sessions than a node sees in its life. */
const LONGEST_SESSION_ID = 9_999_999;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/** The folder of all instances. */
export function runtimeDirectory(): string {
  const chosen = environment("CHIMAERA_RUNTIME_DIR");
  if (chosen !== undefined) return chosen.replace(/\/+$/, "");
  const session = environment("XDG_RUNTIME_DIR");
  if (session !== undefined) return `${session}/chimaera`;
  return `${environment("TMPDIR") ?? "/tmp"}/chimaera-${userId()}`;
}

/** The places of one instance. */
export class InstancePaths {
  /** 1 to 32 letters, digits, dots, dashes and underscores; the first a letter or digit. */
  readonly name: string;
  /** Holds all the others; no slash at the end. */
  readonly folder: string;

  /** Touches no file. Throws CHI-1001 for what is no name. */
  constructor(name: string = DEFAULT_INSTANCE) {
    if (!NAME.test(name)) {
      throw new ChimaeraError("usage", {
        what: `instance \`${name}\``,
        why: "a name has 1 to 32 letters, digits, dots, dashes or underscores",
        hint: "begin it with a letter or digit: `default`, `job-7`",
      });
    }
    this.name = name;
    this.folder = `${runtimeDirectory()}/${name}`;
  }

  /** Held while the node lives. */
  get lock(): string {
    return `${this.folder}/lock`;
  }
  /** What {@linkcode find} reads. */
  get record(): string {
    return `${this.folder}/node.json`;
  }
  /** Where clients knock. */
  get socket(): string {
    return `${this.folder}/control.sock`;
  }
  /** How the names of segment files begin, in whatever folder they are. */
  get segmentPrefix(): string {
    return `chimaera-${fnv1a(this.folder).toString(16)}-`;
  }
  /** The socket that wakes a worker which sleeps in its event loop. */
  workerDoorbell(worker: number): string {
    return `${this.folder}/worker-${worker}.sock`;
  }
  /** The socket that wakes a client's port which sleeps in its event loop. */
  portDoorbell(sessionId: number, port: number): string {
    return `${this.folder}/client-${sessionId}-${port}.sock`;
  }

  /** Whether a living node holds the instance. Throws CHI-5010 when that cannot be seen. */
  isHeld(): boolean {
    return this.#look(this.lock, () => LockFile.isHeld(this.lock));
  }

  /** The running node's record; null when none runs. Throws CHI-5010 for a damaged one. */
  find(): NodeRecord | null {
    if (!this.isHeld()) return null;
    const text = this.#look(this.record, () => readText(this.record));
    if (text === null) return null;
    try {
      return JSON.parse(text) as NodeRecord;
    } catch (cause) {
      throw new ChimaeraError("runtimeDirectory", {
        what: `read ${this.record}`,
        why: "it is damaged, though its node runs",
        hint: "stop the node and start it again",
        cause,
      });
    }
  }

  /** Looks at a file of the instance, which may belong to somebody else. Throws CHI-5010. */
  #look<T>(path: string, look: () => T): T {
    try {
      return look();
    } catch (cause) {
      throw new ChimaeraError("runtimeDirectory", {
        what: `read ${path}`,
        why: reasonOf(cause),
        cause,
      });
    }
  }
}

/** A node's hold on its instance. */
export class Instance {
  /** Where the instance's files are. */
  readonly paths: InstancePaths;
  /** A node that died had left its files. */
  readonly takenOver: boolean;
  readonly #lock: LockFile;
  #isReleased = false;

  private constructor(paths: InstancePaths, lock: LockFile, takenOver: boolean) {
    this.paths = paths;
    this.#lock = lock;
    this.takenOver = takenOver;
  }

  /** Claims an instance. Throws CHI-5002 when a node lives there, CHI-5010 for an unsafe folder. */
  static claim(name: string = DEFAULT_INSTANCE): Instance {
    const paths = new InstancePaths(name);
    makeOwnFolder(runtimeDirectory());
    makeOwnFolder(paths.folder);
    checkLength(paths);
    const lock = takeLock(paths.lock);
    if (lock === null) {
      const pid = pidOf(paths);
      throw new ChimaeraError("nodeRunning", {
        what: `start instance ${name}`,
        why: `it runs already${pid === null ? "" : `, as process ${pid}`}`,
        hint: `use it, or stop it with \`chimaera stop${
          name === DEFAULT_INSTANCE ? "" : ` --instance ${name}`
        }\``,
      });
    }
    const left = listFolder(paths.folder).filter((entry) => entry !== "lock");
    for (const entry of left) removeAll(`${paths.folder}/${entry}`);
    removeSegmentFiles(paths);
    return new Instance(paths, lock, left.includes("node.json"));
  }

  /** Writes `node.json` whole: from now on clients find the node. Throws CHI-5010. */
  publish(record: NodeRecord): void {
    const path = this.paths.record;
    try {
      writeWhole(path, JSON.stringify(record));
    } catch (cause) {
      throw new ChimaeraError("runtimeDirectory", {
        what: `write ${path}`,
        why: reasonOf(cause),
        hint: "make room there, or set CHIMAERA_RUNTIME_DIR to a private folder on another disk",
        cause,
      });
    }
  }

  /**
   * Removes the instance's files, then lets go of it. What still maps a segment's file keeps the
   * memory, and nothing but that. A second time does nothing: whoever claimed the instance and the
   * node that serves it may both be cleaning up.
   */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const entry of listFolder(this.paths.folder)) {
      if (entry !== "lock") removeAll(`${this.paths.folder}/${entry}`);
    }
    removeSegmentFiles(this.paths);
    this.#lock.release();
  }
}

/** Removes the segments that a node kept in files, and did not remove. */
function removeSegmentFiles(paths: InstancePaths): void {
  for (const entry of listFolder(SEGMENT_FILES_FOLDER)) {
    if (entry.startsWith(paths.segmentPrefix)) removeAll(`${SEGMENT_FILES_FOLDER}/${entry}`);
  }
}

/** The running node's process, if its record tells. */
function pidOf(paths: InstancePaths): number | null {
  try {
    return paths.find()?.pid ?? null;
  } catch (thrown) {
    if (thrown instanceof ChimaeraError) return null;
    throw thrown;
  }
}

/** Throws CHI-5010 when sockets of the instance would have names that no socket can have. */
function checkLength(paths: InstancePaths): void {
  const longest = paths.portDoorbell(LONGEST_SESSION_ID, LIMITS.portsPerSession);
  const excess = new TextEncoder().encode(longest).length - SOCKET_PATH_BYTES_MAX;
  if (excess <= 0) return;
  throw new ChimaeraError("runtimeDirectory", {
    what: `use ${paths.folder}`,
    why: `its path is too long by ${excess} bytes for the sockets in it`,
  });
}

/** The instance's lock; null when a living node holds it. */
function takeLock(path: string): LockFile | null {
  try {
    for (;;) {
      const lock = LockFile.take(path);
      if (lock !== null || LockFile.isHeld(path)) return lock;
      // Somebody was just looking whether the node lives, which takes the lock for a moment.
    }
  } catch (cause) {
    throw new ChimaeraError("runtimeDirectory", {
      what: `lock ${path}`,
      why: reasonOf(cause),
      cause,
    });
  }
}

function makeOwnFolder(path: string): void {
  try {
    makePrivateFolder(path);
  } catch (cause) {
    throw new ChimaeraError("runtimeDirectory", {
      what: `make ${path}`,
      why: reasonOf(cause),
      cause,
    });
  }
  const owner = ownerOf(path);
  if (owner === null || !owner.isFolder || owner.uid !== userId() || (owner.mode & 0o022) !== 0) {
    throw new ChimaeraError("runtimeDirectory", {
      what: `use ${path}`,
      why: "it is not a folder that belongs to this user and that only this user can write",
    });
  }
}

/** Why the system refused, in its words; they tell in a word when it is about rights. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}

/** The node ended, or closed the session. */
export function nodeGone(paths: InstancePaths): ChimaeraError {
  return new ChimaeraError("nodeLost", {
    what: `instance ${paths.name}`,
    why: "the node ended, or closed this session",
  });
}
