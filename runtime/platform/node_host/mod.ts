/**
 * What the platform's files use of `Deno`, for a client program on Node: environment, small files
 * and a connection to a node's socket. `tools/packaging/node_package.ts` gives it to the files of
 * the Node package as their `Deno`; no other program contains it.
 *
 * Memory of other processes and locks of files are out of Node's reach. So tasks go over the
 * socket, and a node counts as running as long as its files are there: when it has died, connecting
 * says so (CHI-5004).
 *
 * Thread rules: any thread of a Node process.
 */

import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { connectUnix } from "./connection.ts";
import { errors, systemError } from "./errors.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

function orSystemError<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw systemError(thrown);
  }
}

/** A file that was opened to see whether somebody holds its lock, which Node cannot tell. */
class LockedFile {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = orSystemError(() => openSync(path, "r"));
  }

  tryLockSync(): boolean {
    return false;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function notOnNode(what: string): () => never {
  return () => {
    throw new errors.NotCapable(`${what} is not there on Node`);
  };
}

/** The members of Deno that a client program needs. */
export const Deno = {
  build: {
    arch: ARCHITECTURES[process.arch] ?? process.arch,
    os: process.platform,
    standalone: false,
  },
  connect: connectUnix,
  dlopen: notOnNode("FFI"),
  env: { get: (name: string): string | undefined => process.env[name] },
  errors,
  execPath: (): string => process.execPath,
  listen: notOnNode("a listening socket"),
  openSync: (path: string): LockedFile => new LockedFile(path),
  permissions: { querySync: (): { state: string } => ({ state: "denied" }) },
  pid: process.pid,
  readTextFileSync: (path: string): string => orSystemError(() => readFileSync(path, "utf8")),
  removeSync: (path: string): void => orSystemError(() => rmSync(path)),
  uid: (): number | null => process.getuid?.() ?? null,
};
