/**
 * A node in a process of its own, for clients in other languages: `serve.ts INSTANCE WORKERS`.
 *
 * Prints the instance's folder when clients may come, and ends with its standard input, so that it
 * never outlives whoever started it.
 */

import { Instance, startNode } from "chimaera/node";

const [name = "c_client", workers = "2"] = Deno.args;

const instance = Instance.claim(name);
await using node = await startNode({ workers: Number(workers), instance });
console.log(instance.paths.folder);
await Promise.race([node.stopAsked, Deno.stdin.readable.pipeTo(new WritableStream())]);
