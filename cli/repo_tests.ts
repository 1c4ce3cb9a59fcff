/** `chimaera repo-tests`: the process that `repo check` starts for each test file. Hidden. */

import { eventLine, hostTests } from "../codegen/mod.ts";
import { type CliCommand, ExitCode } from "./command.ts";

export const repoTests: CliCommand = {
  define: (command) => command.argument("<url>", "the test file").argument("<mark>", "of events"),
  example: "repo-tests file:///mods/echo/echo_test.ts 1b9d6bcd",

  async run([url, mark]) {
    const encoder = new TextEncoder();
    await hostTests(url!, (event) => {
      const bytes = encoder.encode(eventLine(event, mark!));
      for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
    });
    return ExitCode.ok;
  },
};
