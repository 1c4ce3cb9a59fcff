// Peer of task.promise.inprocess, under Node: one worker pool of the npm registry, a no-op task,
// one promise per task, a fixed number of tasks outstanding.
//
// usage: node host.mjs POOL WORKERS OUTSTANDING
// On stdin, `run N`; on stdout, elapsed milliseconds and the sum of all results modulo 2^32.
// Ends at the end of its input.

import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

function beside(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

// Each makes a function from a value to the promise of value + 1.
const POOLS = {
  async piscina(workers, options = {}) {
    const { Piscina } = await import("piscina");
    const pool = new Piscina({
      filename: beside("./noop_function.mjs"),
      minThreads: workers,
      maxThreads: workers,
      ...options,
    });
    return (value) => pool.run(value, { name: "noop" });
  },

  "piscina(16 per worker)"(workers) {
    return POOLS.piscina(workers, { concurrentTasksPerWorker: 16 });
  },

  async tinypool(workers) {
    const { default: Tinypool } = await import("tinypool");
    const pool = new Tinypool({
      filename: beside("./noop_function.mjs"),
      minThreads: workers,
      maxThreads: workers,
    });
    return (value) => pool.run(value, { name: "noop" });
  },

  async poolifier(workers) {
    const { FixedThreadPool } = await import("poolifier");
    const pool = new FixedThreadPool(workers, beside("./noop_poolifier.mjs"));
    return (value) => pool.execute(value);
  },

  async workerpool(workers) {
    const { default: workerpool } = await import("workerpool");
    const pool = workerpool.pool(beside("./noop_workerpool.mjs"), {
      minWorkers: workers,
      maxWorkers: workers,
      workerType: "thread",
    });
    return (value) => pool.exec("noop", [value]);
  },

  async comlink(workers) {
    const { wrap } = await import("comlink");
    const { default: nodeEndpoint } = await import("comlink/dist/esm/node-adapter.mjs");
    const remotes = Array.from(
      { length: workers },
      () => wrap(nodeEndpoint(new Worker(beside("./noop_comlink.mjs")))),
    );
    let turn = 0;
    return (value) => remotes[turn++ % workers].noop(value);
  },
};

// Keeps `outstanding` tasks under way until `count` are done.
function callAll(call, count, outstanding) {
  return new Promise((resolve, reject) => {
    let next = 0;
    let done = 0;
    let sum = 0;
    function submit() {
      if (next === count) return;
      const value = next++;
      call(value).then((result) => {
        if (result !== value + 1) throw new Error(`answered ${result} to ${value}`);
        sum = (sum + result) >>> 0;
        if (++done === count) resolve(sum);
        else submit();
      }).catch(reject);
    }
    for (let i = 0; i < outstanding; i++) submit();
  });
}

const [name, workers, outstanding] = process.argv.slice(2);
const call = await POOLS[name](Number(workers));
await callAll(call, Number(outstanding), Number(outstanding));
console.log("ready");

for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line.split(" ")[1]);
  const startMs = performance.now();
  const sum = await callAll(call, count, Number(outstanding));
  console.log(`${performance.now() - startMs} ${sum}`);
}
process.exit(0);
