/** Checksums that tell one text from any other. */

/** The SHA-256 of some parts, each with its length, as hexadecimal digits. */
export async function digestOf(parts: readonly Uint8Array[]): Promise<string> {
  const head = new TextEncoder().encode(parts.map(({ length }) => length).join(" "));
  const all = [head, ...parts];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
