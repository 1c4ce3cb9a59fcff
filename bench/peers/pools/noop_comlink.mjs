// The no-op task of comlink. See noop_poolifier.mjs for why the imports are dynamic.

import { parentPort } from "node:worker_threads";

const { expose } = await import("comlink");
const { default: nodeEndpoint } = await import("comlink/dist/esm/node-adapter.mjs");

expose({ noop: (value) => value + 1 }, nodeEndpoint(parentPort));
