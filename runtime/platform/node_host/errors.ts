/**
 * The system's errors as the platform's files know them: classes by kind, and the system's number
 * in the message, as Deno has them.
 *
 * Thread rules: plain values.
 */

import { constants } from "node:os";

class SystemError extends Error {
  /** The system's name of it: `ENOENT`. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

class NotFound extends SystemError {}
class PermissionDenied extends SystemError {}
class NotCapable extends SystemError {}
class BadResource extends SystemError {}
class Interrupted extends SystemError {}
class BrokenPipe extends SystemError {}
class ConnectionReset extends SystemError {}
class ConnectionRefused extends SystemError {}
class NotADirectory extends SystemError {}

/** The classes by their names. */
export const errors = {
  NotFound,
  PermissionDenied,
  NotCapable,
  BadResource,
  Interrupted,
  BrokenPipe,
  ConnectionReset,
  ConnectionRefused,
  NotADirectory,
};

const CLASSES: Readonly<Record<string, typeof SystemError>> = {
  ENOENT: NotFound,
  EACCES: PermissionDenied,
  EPERM: PermissionDenied,
  EBADF: BadResource,
  ERR_STREAM_DESTROYED: BadResource,
  EINTR: Interrupted,
  EPIPE: BrokenPipe,
  ECONNRESET: ConnectionReset,
  ECONNREFUSED: ConnectionRefused,
  ENOTDIR: NotADirectory,
};

/** An error of Node in Deno's form. */
export function systemError(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const { code } = thrown as { code?: string };
  if (code === undefined) return thrown;
  const errno = (constants.errno as Readonly<Record<string, number>>)[code];
  const number = errno === undefined ? "" : ` (os error ${errno})`;
  const Class = CLASSES[code] ?? SystemError;
  return new Class(`${thrown.message}${number}`, code);
}
