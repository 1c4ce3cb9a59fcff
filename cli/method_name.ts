/**
 * Names of methods for messages, from the module's `*_methods.yaml`. The module's code is never
 * loaded into the isolate that runs the node.
 */

const RUNTIME_FILE = /_runtime\.(ts|js)$/;

/**
 * `kCompress` for method 10 of the compressor; the number when the file does not tell.
 *
 * @param runtimeUrl Where the module's `*_runtime` file is.
 */
export function methodName(runtimeUrl: string, method: number): string {
  for (const [name, number] of methodsOf(runtimeUrl)) if (number === method) return name;
  return `method ${method}`;
}

function methodsOf(runtimeUrl: string): [name: string, method: number][] {
  let text: string;
  try {
    text = Deno.readTextFileSync(new URL(runtimeUrl.replace(RUNTIME_FILE, "_methods.yaml")));
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    throw thrown;
  }
  return [...text.matchAll(/^\s*(k\w+):\s*(\d+)/gm)].map(([, name, number]) => [
    name!,
    Number(number),
  ]);
}
