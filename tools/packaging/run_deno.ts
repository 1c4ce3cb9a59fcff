/** Runs a command of the Deno that runs this tool. */

const decoder = new TextDecoder();

/** How a command ended: whether it succeeded, and all it printed. */
export interface CommandResult {
  readonly ok: boolean;
  readonly text: string;
}

export async function runDeno(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<CommandResult> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  return { ok: success, text: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
}
