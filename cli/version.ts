/** `chimaera version`: which program this is. Loads nothing of the engine. */

import { packaging, VERSION } from "../runtime/platform/mod.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { printLine } from "./output.ts";

export const version: CliCommand = {
  define: () => {},
  example: "version --json",
  run(_args, { json }) {
    const facts = {
      version: VERSION,
      deno: Deno.version.deno,
      packaging: packaging(),
      platform: `${Deno.build.os}-${Deno.build.arch}`,
    };
    printLine(
      json
        ? JSON.stringify(facts)
        : `chimaera ${facts.version} (${facts.packaging}, Deno ${facts.deno}, ${facts.platform})`,
    );
    return Promise.resolve(ExitCode.ok);
  },
};
