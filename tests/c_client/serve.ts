/**
 * A node in a process of its own, for clients in other languages:
 * `serve.ts INSTANCE WORKERS BACKING`.
 *
 * Prints the instance's folder when clients may come, and ends with its standard input, so that it
 * never outlives whoever started it.
 */

import { Instance, type NodeOptions, startNode } from "chimaera/node";

type Backing = NonNullable<NodeOptions["backing"]>;

const [name, workers, backing] = Deno.args as [string, string, Backing];

const instance = Instance.claim(name);
await using node = await startNode({ workers: Number(workers), instance, backing });
console.log(instance.paths.folder);
await Promise.race([node.stopAsked, Deno.stdin.readable.pipeTo(new WritableStream())]);
