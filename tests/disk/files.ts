/** Files that the disk tests read: patterned, so that bytes in the wrong place are seen. */

import assert from "node:assert/strict";
import { openUring } from "../../runtime/platform/mod.ts";

/** Whether this machine has a ring of the kernel; without one its tests are ignored. */
export const HAS_RING: boolean = (() => {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return false;
  const ring = openUring(4);
  ring?.close();
  return ring !== null;
})();

/** The byte at an offset of a patterned file. */
export function patternAt(offset: number): number {
  return (offset * 31 + (offset >>> 8) * 17 + (offset >>> 16)) & 0xff;
}

export function pattern(offset: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: sizeBytes }, (_, k) => patternAt(offset + k));
}

/** Fails naming the first byte that is not the pattern's. */
export function checkPattern(bytes: Uint8Array, offset: number): void {
  for (let k = 0; k < bytes.length; k++) {
    if (bytes[k] !== patternAt(offset + k)) assert.fail(`byte ${k} of the read at ${offset}`);
  }
}

/** A folder that goes with the scope. */
export class TempFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "chimaera-disk-" });

  /** A file with the pattern in it. */
  patterned(name: string, sizeBytes: number): string {
    const path = `${this.path}/${name}`;
    Deno.writeFileSync(path, pattern(0, sizeBytes));
    return path;
  }

  /** A pipe with a name: what reads it waits until somebody writes. */
  pipe(name: string): string {
    const path = `${this.path}/${name}`;
    const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
    assert.ok(success, "mkfifo");
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
