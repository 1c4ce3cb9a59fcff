/** What a node's memory and disks are reached by, in words, and what that means. */

import type { NodeStats } from "../sdk/mod.ts";

/** What lies behind a node's memory. */
export function backingText(backing: string): string {
  switch (backing) {
    case "memfd":
      return "sealed memory files (memfd)";
    case "file":
      return "files, unsealed: trusts this uid";
    default:
      return "private to the process: clients send their data over the socket";
  }
}

/** How a node's workers reach disks. */
export function diskText(backend: NodeStats["diskBackend"]): string {
  switch (backend) {
    case "io_uring":
      return "io_uring, in which workers sleep";
    case "blocking":
      return "blocking calls: a lane waits for its device";
    case "unused":
      return "not used yet";
  }
}
