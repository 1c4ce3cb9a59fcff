/** What the errors of sockets mean to whoever listens, connects, reads or writes. */

import { ChimaeraError } from "../errors.ts";
import { errnoText } from "./syscalls.ts";

/** Errors of taking a connection that say nothing of the listener: a later try may do. */
const PASSING: ReadonlySet<unknown> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "ECONNABORTED",
  "EPROTO",
  "EPERM",
  "EAGAIN",
  "EINTR",
]);

/** Whether a connection, or its listener, was closed at either side. */
export function isConnectionEnd(thrown: unknown): boolean {
  return thrown instanceof Deno.errors.BadResource ||
    thrown instanceof Deno.errors.ConnectionReset ||
    thrown instanceof Deno.errors.BrokenPipe ||
    thrown instanceof Deno.errors.Interrupted;
}

/** Whether taking a connection can be tried again: one that is gone, or no descriptor is free. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof Error && PASSING.has((thrown as { code?: unknown }).code);
}

/** Whether the listener has more callers waiting than it lets wait. */
export function isCrowded(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as { code?: unknown }).code === "EAGAIN";
}

/** The system's number of a socket's error, or of its cause; 0 where it is none of the system's. */
export function errnoOf(thrown: unknown): number {
  if (thrown instanceof ChimaeraError) return errnoOf(thrown.cause);
  const text = thrown instanceof Error ? thrown.message : "";
  return Number(/\(os error (\d+)\)/.exec(text)?.[1] ?? 0);
}

const ERRNO_NOT_FOUND = 2;
const ERRNO_REFUSED = 111;

/** Whether the system found nobody at the path. */
export function isNobody(errno: number): boolean {
  return errno === ERRNO_NOT_FOUND || errno === ERRNO_REFUSED;
}

/** CHI-5004: the path led to nobody, and why. */
export function connectFailed(path: string, cause: unknown): ChimaeraError {
  const errno = errnoOf(cause);
  const said = errno === 0 ? `${cause}` : errnoText(errno);
  const why = isNobody(errno) ? "nobody answers there" : said;
  return new ChimaeraError("connectFailed", { what: `connect to ${path}`, why, cause });
}
