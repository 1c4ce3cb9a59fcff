/**
 * Packs a bundle as a file that unpacks itself: a shell stub, the Deno runtime, the bundle.
 *
 *         0 ┌──────────────────────────────────────┐
 *           │ stub.sh, padded with # to STUB_BYTES │
 *      8192 ├──────────────────────────────────────┤
 *           │ the Deno executable, gzip            │
 *           ├──────────────────────────────────────┤
 *           │ the bundle, tar, gzip                │
 *           └──────────────────────────────────────┘
 *
 * The stub knows offset, length and SHA-256 of both parts. Same runtime and same bundle: same
 * bytes. Compressing the runtime takes seconds, so the result is kept under the runtime's hash.
 */

import { gzipSync } from "node:zlib";
import { ERRORS } from "../../runtime/errors.ts";
import { BuildError } from "./build_error.ts";
import { concatenate, tar } from "./tar.ts";
import { exists, listFiles } from "../file_tree.ts";

/** Fixed, so that the offsets in the stub do not depend on its own length. */
const STUB_BYTES = 8192;
const STUB_FILE = new URL("./stub.sh", import.meta.url);
const GZIP_LEVEL = 9;
/** Names the bundle's files, a line each: how the stub sees that a cache has lost some. */
const FILE_LIST = "files.txt";

/** Where a self-extracting file is made from. */
export interface SelfExtractSource {
  /** The bundle's folder. */
  readonly dist: string;
  /** The Deno executable to pack. */
  readonly runtime: string;
  /** Folder that keeps compressed runtimes between builds. */
  readonly cache: string;
}

/** The bytes of the self-extracting file. */
export async function selfExtract(source: SelfExtractSource): Promise<Uint8Array<ArrayBuffer>> {
  const runtime = Deno.readFileSync(source.runtime);
  const runtimeHash = await sha256(runtime);
  const packedRuntime = compressRuntime(runtime, runtimeHash, source.cache);
  const files = listFiles(source.dist)
    .map((path) => ({ path, data: Deno.readFileSync(`${source.dist}/${path}`) }));
  const list = files.map(({ path }) => `${path}\n`).join("");
  files.push({ path: FILE_LIST, data: new TextEncoder().encode(list) });
  const packedApp = gzipSync(tar(files), { level: GZIP_LEVEL });
  const stub = fillStub({
    RUNTIME_ID: runtimeHash.slice(0, 16),
    RUNTIME_OFFSET: STUB_BYTES,
    RUNTIME_LENGTH: packedRuntime.length,
    RUNTIME_SIZE: runtime.length,
    RUNTIME_SHA: await sha256(packedRuntime),
    APP_ID: (await sha256(packedApp)).slice(0, 16),
    APP_OFFSET: STUB_BYTES + packedRuntime.length,
    APP_LENGTH: packedApp.length,
    APP_SHA: await sha256(packedApp),
    FILE_LIST,
    DAMAGED_CODE: ERRORS.programDamaged.code,
    DAMAGED_HINT: ERRORS.programDamaged.hint,
    NO_CACHE_CODE: ERRORS.noProgramCache.code,
    NO_CACHE_HINT: ERRORS.noProgramCache.hint,
  });
  return concatenate([stub, packedRuntime, packedApp]);
}

function compressRuntime(
  runtime: Uint8Array,
  hash: string,
  cache: string,
): Uint8Array<ArrayBuffer> {
  const kept = `${cache}/deno-${hash}.gz`;
  if (exists(kept)) return Deno.readFileSync(kept);
  const packed = concatenate([gzipSync(runtime, { level: GZIP_LEVEL })]);
  Deno.mkdirSync(cache, { recursive: true });
  const partial = `${kept}.${Deno.pid}`;
  Deno.writeFileSync(partial, packed);
  Deno.renameSync(partial, kept);
  return packed;
}

/** The stub with every `@NAME@` replaced, at its fixed size. */
function fillStub(values: Readonly<Record<string, string | number>>): Uint8Array {
  const text = Deno.readTextFileSync(STUB_FILE).replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new BuildError(`stub.sh asks for @${name}@`);
    return String(value);
  });
  const filled = new TextEncoder().encode(text);
  if (filled.length >= STUB_BYTES) {
    throw new BuildError(`stub.sh has ${filled.length} bytes, more than ${STUB_BYTES - 1}`);
  }
  // The shell never reads past the last line of the stub's code; `#` would be a comment to it.
  const stub = new Uint8Array(STUB_BYTES).fill("#".charCodeAt(0));
  stub.set(filled);
  stub[STUB_BYTES - 1] = "\n".charCodeAt(0);
  return stub;
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data);
  return new Uint8Array(digest).toHex();
}
