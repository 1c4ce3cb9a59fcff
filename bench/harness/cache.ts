/** Where the bench keeps what it compiles and installs for its peers, between runs. */

import { join } from "node:path";

/** The folder of `name` in the user's cache; made when absent. */
export function cacheFolder(name: string): string {
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") ??
    (home === undefined ? "/tmp" : join(home, ".cache"));
  const folder = join(base, "chimaera-bench", name);
  Deno.mkdirSync(folder, { recursive: true });
  return folder;
}

/** A short fingerprint of texts, so that a change of any source makes a new entry. */
export async function fingerprint(...texts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex().slice(0, 16);
}

/** Whether a program of this name can be run. */
export function hasProgram(name: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(join(folder, name)).isFile;
    } catch {
      return false; // Not there, or not for us to look at: the same to us.
    }
  });
}
