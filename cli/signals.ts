/**
 * Being asked to end: by the terminal, by another program, by the user's next Ctrl-C.
 *
 * Thread rules: the main isolate.
 */

/** Signals that ask a program to end, and the exit code of one that did because of it. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export type EndSignal = keyof typeof SIGNAL_EXIT_CODES;

/** The exit code by which a shell knows that a signal ended the program. */
export function exitCodeOf(signal: EndSignal): number {
  return SIGNAL_EXIT_CODES[signal];
}

/**
 * Calls back for each signal that asks to end. Dispose it to leave signals to the system again.
 *
 * @example
 * ```ts ignore
 * using _signals = onEndSignal((signal) => Deno.exit(exitCodeOf(signal)));
 * ```
 */
export function onEndSignal(call: (signal: EndSignal) => void): Disposable {
  const listeners = (Object.keys(SIGNAL_EXIT_CODES) as EndSignal[]).map((signal) => {
    const listener = () => call(signal);
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
