/**
 * A small tree with the shape of the project, for the tests of the packaging: it bundles in
 * milliseconds, and its program shows what a packed program can do.
 *
 * `runtime/platform/packaging.ts` is the project's own.
 */

import { ENTRIES } from "./entries.ts";
import { makeParent } from "../file_tree.ts";

const PACKAGING_SOURCE = new URL("../../runtime/platform/packaging.ts", import.meta.url);

const MAIN = `/** Shows the part of a packed program that the first argument names. */
import { assetUrl, packaging, selfCommand, VERSION } from "./runtime/platform/packaging.ts";
import { loadHere, loadInWorker } from "./sdk/node.ts";

const [command, ...rest] = Deno.args;
const show = (value: unknown) => console.log(JSON.stringify(value));

switch (command) {
  case "info":
    show({ packaging: packaging(), version: VERSION, self: selfCommand() });
    break;
  case "args":
    show(rest);
    break;
  case "exit":
    Deno.exit(Number(rest[0]));
    break;
  case "stdin":
    await Deno.stdin.readable.pipeTo(Deno.stdout.writable);
    break;
  case "asset":
    show(await Deno.readTextFile(assetUrl(rest[0]!)));
    break;
  case "load":
    show({ here: await loadHere(rest[0]!), worker: await loadInWorker(rest[0]!) });
    break;
  case "again": {
    const [program, ...args] = selfCommand();
    const child = new Deno.Command(program, { args: [...args, "args", ...rest] });
    const { stdout } = await child.output();
    await Deno.stdout.write(stdout);
    break;
  }
  default:
    show("nothing to do");
}
`;

const SDK_MOD = `/** What a module imports as "chimaera". */
export class Module {
  hello(): string {
    return "module";
  }
}
`;

const SDK_NODE = `/** Loads modules, here and in a worker. */
import { entryUrl } from "../runtime/platform/packaging.ts";
import { Module } from "./mod.ts";

export async function loadHere(url: string): Promise<string> {
  const specifier = url.includes(":") ? url : entryUrl(url);
  const { Server } = await import(specifier);
  const server = new Server();
  if (!(server instanceof Module)) throw new Error("another copy of the SDK");
  return server.hello();
}

export async function loadInWorker(url: string): Promise<string> {
  const worker = new Worker(entryUrl("runtime/module/worker_main"), { type: "module" });
  const answer = await new Promise<string>((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(url);
  });
  worker.terminate();
  return answer;
}
`;

const WORKER = `/** The worker's start. */
import { loadHere } from "../../sdk/node.ts";

self.onmessage = async (event: MessageEvent<string>) => {
  self.postMessage(await loadHere(event.data));
};
`;

const ECHO_RUNTIME = `/** A core module: imports the SDK by name, as a user's module does. */
import { Module } from "chimaera";
import { greeting } from "./echo_tasks.ts";

export class Server extends Module {
  override hello(): string {
    return greeting;
  }
}
`;

/** The files of the tree by project path; `packaging.ts` is added from the project. */
const FILES: Readonly<Record<string, string>> = {
  "deno.json": `{ "version": "1.2.3", "imports": { "chimaera": "./sdk/mod.ts" } }\n`,
  "main.ts": MAIN,
  "sdk/mod.ts": SDK_MOD,
  "sdk/node.ts": SDK_NODE,
  "runtime/platform/node_host/mod.ts":
    `/** What Node has instead. */\nexport const Deno = { env: {} };\n`,
  "sdk/test.ts": `/** Same class as everywhere. */\nexport { Module } from "./mod.ts";\n`,
  "runtime/module/worker_main.ts": WORKER,
  "chimods/chimaera_repo.yaml": "namespace: chimaera\n",
  "chimods/echo/echo_tasks.ts": `/** Shared text. */\nexport const greeting = "echo";\n`,
  "chimods/echo/echo_runtime.ts": ECHO_RUNTIME,
  "chimods/echo/chimaera_mod.yaml": "name: echo\n",
  "chimods/MOD_NAME/MOD_NAME_runtime.ts": "/** The template. */\nexport {};\n",
};

/** A user's module, in TypeScript that only a transpiler understands. */
export const USER_MODULE = `/** A module from outside of the program. */
import { Module } from "chimaera";
import { Tone } from "./tone.ts";

export class Server extends Module {
  constructor(private tone: Tone = Tone.loud) {
    super();
  }
  override hello(): string {
    return "user " + Tone[this.tone];
  }
}
`;

/** The file beside {@linkcode USER_MODULE}. */
export const USER_TONE = `/** An enum leaves code behind. */
export enum Tone {
  soft,
  loud,
}
`;

const EMPTY = "/** Empty here. */\nexport {};\n";

/** Writes the tree below `root`; entry points that these tests have no use for are empty. */
export function writeStandIn(root: string): void {
  const entries = Object.fromEntries(ENTRIES.map((entry) => [`${entry}.ts`, EMPTY]));
  const packaging = Deno.readTextFileSync(PACKAGING_SOURCE);
  const files = { ...entries, ...FILES, "runtime/platform/packaging.ts": packaging };
  for (const [path, text] of Object.entries(files)) {
    makeParent(`${root}/${path}`);
    Deno.writeTextFileSync(`${root}/${path}`, text);
  }
}
