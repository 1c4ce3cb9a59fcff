/** The consuming side of a ring between processes. Arguments: the memory file, the context. */

import { closeFile, openFile } from "../../runtime/platform/libc.ts";
import { pinTo } from "../harness/cpus.ts";
import type { BenchContext } from "../harness/line.ts";
import { futexSleeper, mapRing } from "./mapped_ring.ts";
import { consumeUntilStopped } from "./spsc_ring.ts";

const [path = "", contextText = ""] = Deno.args;
const context = JSON.parse(contextText) as BenchContext;
const file = openFile(path);
const ring = mapRing(file);
closeFile(file);
pinTo(context, context.serverCpu);
console.log("ready");
consumeUntilStopped(ring.i32, futexSleeper(ring));
Deno.exit(0);
