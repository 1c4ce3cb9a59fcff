/**
 * Loaded before each test file by `deno task test`: opens the C library, for calls on this thread and
 * on the runtime's pool, which an isolate keeps for its life. The first test that happens to use it
 * would else be told of a leak.
 */

import { ffiAvailable, openUring, prefault } from "../../runtime/platform/mod.ts";

if (ffiAvailable()) await prefault(0, 0);
const ring = openUring(1);
await ring?.untilReady(0);
ring?.close();
