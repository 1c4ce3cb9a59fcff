/**
 * The kit in a repo's `.chimaera/`: what editors and `deno test` need to know of the SDK.
 *
 * Thread rules: plain functions.
 */

const SDK_NAMES = ["mod", "node", "platform", "test"];

/** Names that a repo's files import, and the file in the repo's folder behind each. */
export function kitImports(): Readonly<Record<string, string>> {
  return Object.fromEntries(SDK_NAMES.map((name) => {
    const key = name === "mod" ? "chimaera" : `chimaera/${name}`;
    return [key, `./.chimaera/sdk/${name}.js`];
  }));
}

/** Makes a repo's kit current; true when it wrote something. */
export function writeKit(_repoFolder: string): Promise<boolean> {
  return Promise.resolve(false);
}
