/**
 * The commands of the executable. A command's file is loaded when it is called, so that `version`
 * does not wait for the engine.
 */

import type { CliCommand } from "./command.ts";

/** A line of the table. */
export interface CommandEntry {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
  /** For the program's own use: `--help` does not list it. */
  readonly hidden?: boolean;
}

/** What the commands of two words are about, by the first. */
export const GROUPS: Readonly<Record<string, string>> = {
  repo: "Module repos: folders of modules that share a namespace.",
  mod: "Modules: the code that pools are instances of.",
  pool: "Pools: instances of modules, each with a name and lanes of its own.",
  lane: "Lanes: the queues of a pool, each run by one worker of the node at a time.",
  worker: "Workers: the threads of a node that run lanes, by number from 0.",
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "Run a node until it is stopped",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "stop",
    summary: "Stop a running node and wait until it is gone",
    load: async () => (await import("./stop.ts")).stop,
  },
  {
    name: "status",
    summary: "Show the workers, sessions and pools of a running node",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "pool list",
    summary: "List the pools of a running node and their lanes",
    load: async () => (await import("./pool_list.ts")).poolList,
  },
  {
    name: "lane list",
    summary: "List the lanes of a running node and the workers that run them",
    load: async () => (await import("./lane_list.ts")).laneList,
  },
  {
    name: "lane move",
    summary: "Have another worker run a lane, with its state and what waits on it",
    load: async () => (await import("./lane_move.ts")).laneMove,
  },
  {
    name: "worker recycle",
    summary: "Replace a worker's thread by a fresh one, while its lanes are used",
    load: async () => (await import("./worker_recycle.ts")).workerRecycle,
  },
  {
    name: "repo new",
    summary: "Make a folder a module repo",
    load: async () => (await import("./repo_new.ts")).repoNew,
  },
  {
    name: "repo refresh",
    summary: "Bring a repo's generated code in line with its *_methods.yaml files",
    load: async () => (await import("./repo_refresh.ts")).repoRefresh,
  },
  {
    name: "repo clear-temp",
    summary: "Remove the *.temp files that refresh has put beside others",
    load: async () => (await import("./repo_clear_temp.ts")).repoClearTemp,
  },
  {
    name: "mod new",
    summary: "Put a new module into a repo",
    load: async () => (await import("./mod_new.ts")).modNew,
  },
  {
    name: "repo reformat",
    summary: "Make a C++ Chimaera repo a module repo, beside its C++ files",
    load: async () => (await import("./repo_reformat.ts")).repoReformat,
  },
  {
    name: "repo link",
    summary: "Let a program outside of a repo import the repo's modules",
    load: async () => (await import("./repo_link.ts")).repoLink,
  },
  {
    name: "compress",
    summary: "Compress a file, block by block, on the lanes of a node",
    load: async () => (await import("./compress.ts")).compress,
  },
  {
    name: "decompress",
    summary: "Decompress a .lz4, .zst or .gz file on the lanes of a node",
    load: async () => (await import("./decompress.ts")).decompress,
  },
  {
    name: "bench",
    summary: "Measure latency and throughput of tasks on this machine",
    load: async () => (await import("./bench.ts")).bench,
  },
  {
    name: "selftest",
    summary: "Prove that everything works on this machine",
    load: async () => (await import("./selftest.ts")).selftest,
  },
  {
    name: "version",
    summary: "Print the version and how this program is packaged",
    load: async () => (await import("./version.ts")).version,
  },
  {
    name: "selftest-peer",
    summary: "Attach to a node and send it tasks, for selftest",
    load: async () => (await import("./selftest_peer.ts")).selftestPeer,
    hidden: true,
  },
];
