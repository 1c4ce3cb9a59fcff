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

/** What the help of a group of commands says besides their list. */
export interface GroupText {
  /** What they are about. */
  readonly about: string;
  /** A line as one would type it, without the program's name. */
  readonly example: string;
}

/** The commands of two words, by the first. */
export const GROUPS: Readonly<Record<string, GroupText>> = {
  pool: {
    about: "Pools: instances of modules, each with a name and lanes of its own.",
    example: "pool list",
  },
  mod: { about: "Modules: the code that pools are made of.", example: "mod new compressor" },
  repo: {
    about: "Module repos: folders of modules, each with a namespace.",
    example: "repo new my_mods example",
  },
  lane: {
    about: "Lanes: the queues of a pool, each run by one worker of the node at a time.",
    example: "lane list --pool images",
  },
  worker: {
    about: "Workers: the threads of a node that run lanes, by number from 0.",
    example: "worker recycle 1",
  },
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
    name: "pool create",
    summary: "Make a pool of a module, with the module's own parameters",
    load: async () => (await import("./pool_create.ts")).poolCreate,
  },
  {
    name: "pool destroy",
    summary: "End a pool, and what waits on its lanes",
    load: async () => (await import("./pool_destroy.ts")).poolDestroy,
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
    name: "repo check",
    summary: "Check the types of a repo's modules, and run their tests",
    load: async () => (await import("./repo_check.ts")).repoCheck,
  },
  {
    name: "repo clear-temp",
    summary: "Remove the *.temp files that refresh has put beside others",
    load: async () => (await import("./repo_clear_temp.ts")).repoClearTemp,
  },
  {
    name: "repo add",
    summary: "Have `serve` load a repo, wherever it is called",
    load: async () => (await import("./repo_add.ts")).repoAdd,
  },
  {
    name: "repo remove",
    summary: "Take back `repo add`",
    load: async () => (await import("./repo_remove.ts")).repoRemove,
  },
  {
    name: "repo list",
    summary: "List the repos that `serve` would load here",
    load: async () => (await import("./repo_list.ts")).repoList,
  },
  {
    name: "mod new",
    summary: "Put a new module into a repo",
    load: async () => (await import("./mod_new.ts")).modNew,
  },
  {
    name: "repo link",
    summary: "Let a program outside of a repo import the repo's modules",
    load: async () => (await import("./repo_link.ts")).repoLink,
  },
  {
    name: "repo reformat",
    summary: "Make a C++ Chimaera repo a module repo, beside its C++ files",
    load: async () => (await import("./repo_reformat.ts")).repoReformat,
  },
  {
    name: "mod list",
    summary: "List the modules that a running node can make pools of",
    load: async () => (await import("./mod_list.ts")).modList,
  },
  {
    name: "mod load",
    summary: "Make the modules of a repo known to a running node",
    load: async () => (await import("./mod_load.ts")).modLoad,
  },
  {
    name: "mod upgrade",
    summary: "Have a module's pools run the code that its folder has now, while they are used",
    load: async () => (await import("./mod_upgrade.ts")).modUpgrade,
  },
  {
    name: "mod unload",
    summary: "Have a running node forget a module of which there are no pools",
    load: async () => (await import("./mod_unload.ts")).modUnload,
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
  {
    name: "repo-tests",
    summary: "Run the tests of one file and tell of each, for repo check",
    load: async () => (await import("./repo_tests.ts")).repoTests,
    hidden: true,
  },
];
