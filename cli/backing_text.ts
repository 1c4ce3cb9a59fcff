/** What lies behind a node's memory, in words, and what that means. */
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
