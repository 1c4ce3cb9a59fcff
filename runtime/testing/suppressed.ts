/**
 * What a test failed with, when closing its node fails as well.
 *
 * The engine then throws a `SuppressedError`, of which test runners show neither of the two: they
 * look for an error's cause, and it has none. With {@linkcode showSuppressed} its cause is what was
 * suppressed: the test's own failure, which comes first.
 *
 * Thread rules: once per isolate, in tests only.
 */

/** Gives every suppressing error of this isolate a cause. */
export function showSuppressed(): void {
  if ("cause" in SuppressedError.prototype) return;
  Object.defineProperty(SuppressedError.prototype, "cause", {
    configurable: true,
    get(this: SuppressedError): unknown {
      return this.suppressed;
    },
  });
}
