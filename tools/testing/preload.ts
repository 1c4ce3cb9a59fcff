/**
 * Loaded before each test file by `deno task test`: opens the C library, which an isolate keeps for
 * its life. The first test that happens to use it would else be told of a leak.
 */

import { ffiAvailable } from "../../runtime/platform/mod.ts";

ffiAvailable();
