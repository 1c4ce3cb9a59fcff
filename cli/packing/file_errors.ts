/** What the system says about a file, as our errors: a code, the cause, what to do. */

import { ChimaeraError, type ErrorName } from "../../runtime/errors.ts";

const FULL_CODES: readonly string[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Turns what a file call threw into our error. `what` names the operation and the file. */
export function fileError(what: string, thrown: unknown): ChimaeraError {
  if (thrown instanceof ChimaeraError) return thrown;
  const [kind, why] = judge(thrown);
  return new ChimaeraError(kind, { what, why, cause: thrown });
}

function judge(thrown: unknown): [kind: ErrorName, why: string] {
  const { errors } = Deno;
  if (thrown instanceof errors.NotFound) return ["fileNotFound", "no such file or folder"];
  if (thrown instanceof errors.PermissionDenied) return ["fileUnreadable", "permission denied"];
  if (thrown instanceof errors.NotCapable) return ["fileUnreadable", thrown.message];
  if (thrown instanceof errors.NotADirectory) {
    return ["fileNotFound", "a part of its path is no folder"];
  }
  if (thrown instanceof errors.IsADirectory) return ["fileIsDirectory", "it is a folder"];
  if (thrown instanceof errors.AlreadyExists) return ["fileExists", "it exists already"];
  const message = systemWords(thrown instanceof Error ? thrown.message : String(thrown));
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  if (typeof code === "string" && FULL_CODES.includes(code)) {
    return ["diskFull", code === "EDQUOT" ? "the user's share of the disk is used up" : message];
  }
  return ["fileIo", message];
}

/** `Read-only file system (os error 30): open '…'` without what the error says elsewhere. */
function systemWords(message: string): string {
  return message.replace(/ \(os error \d+\)(: .*)?$/s, "");
}
