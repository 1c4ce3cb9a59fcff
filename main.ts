/** The executable's entry: hands its words to the command line and ends with its exit code. */

import { runCli } from "./cli/mod.ts";

Deno.exit(await runCli(Deno.args));
