/** A build that failed for a reason that the text names. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}
