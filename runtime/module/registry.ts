/**
 * The modules of which a node can make pools: those of the program, and those of repos, each in the
 * version that was loaded last.
 *
 * A repo's module is copied before it is loaded, into a folder of its own for each version, and a
 * worker imports the copy; so an edit changes nothing until somebody asks for an upgrade, and all
 * workers have the same. What does not load, is not what its manifest says, or misses a handler is
 * refused before anything of the node has changed.
 *
 * Thread rules: the assembling thread, which never imports a module.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import type { ModuleSpec } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { atMost, makeFolder, makeTemporaryFolder, realPath, removeAll } from "../platform/mod.ts";
import type { ModuleCode, ModuleRepo, RepoModule } from "../repo/mod.ts";
import type { ModuleDirectory } from "./directory.ts";
import { coreModules } from "./module_spec.ts";

/** A module, as the registry knows it. */
export interface KnownModule {
  /** The version that pools are made of. */
  readonly spec: ModuleSpec;
  /** Where its author has it; null for one that is loaded from where it is. */
  readonly folder: string | null;
}

/** A version of a module that has been copied and tried, and serves nobody yet. */
export interface FreshModule {
  readonly spec: ModuleSpec;
  readonly code: ModuleCode;
  readonly copy: string;
}

/** What became of the modules of a repo. */
export interface Registered {
  /** Those that pools can be made of now. */
  readonly modules: readonly KnownModule[];
  /** The folders of the others, and why they cannot. */
  readonly failures: readonly { readonly folder: string; readonly error: ChimaeraError }[];
}

export interface RegistryOptions {
  /** Has a worker import a module, within so many milliseconds. Throws CHI-4005. */
  readonly probe: (spec: ModuleSpec, limitMs: number) => Promise<unknown>;
  /** A version that a worker has imported is not needed any more. */
  readonly onLeft?: () => void;
  /** Where copies are; a temporary folder when absent. */
  readonly copies?: string | undefined;
}

type RepoTools = typeof import("../repo/mod.ts");

/** What reads repos: loaded by nodes that have some, as its libraries take a while. */
let repoTools: Promise<RepoTools> | null = null;

function tools(): Promise<RepoTools> {
  return repoTools ??= import("../repo/mod.ts");
}

interface Entry {
  readonly spec: ModuleSpec;
  readonly folder: string | null;
  /** Of the code that is loaded. */
  readonly hash: string;
  readonly copy: string | null;
  /** What of the repo was copied, by the author's paths. */
  readonly files: ReadonlySet<string>;
}

export class ModuleRegistry implements ModuleDirectory {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  #copies: string | null = null;
  /** Copies made so far; a version has a new URL even when its text was loaded before. */
  #made = 0;
  /** Settles when the last registration that was asked for is over; never rejects. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** Milliseconds in which a module's import must end; twice that if it holds its worker. */
  loadMs: number = LIMITS.moduleLoadMs;

  constructor(options: RegistryOptions) {
    this.#options = options;
    for (const spec of coreModules()) this.add(spec);
  }

  /** A module that is loaded from where it is. */
  add(spec: ModuleSpec): void {
    this.#entries.set(spec.libName, { spec, folder: null, hash: "", copy: null, files: new Set() });
  }

  /** All library names. */
  get libNames(): string[] {
    return [...this.#entries.keys()];
  }

  get list(): KnownModule[] {
    return [...this.#entries.values()].map(({ spec, folder }) => ({ spec, folder }));
  }

  /**
   * The module of a library name, or of a module's bare name. Throws CHI-4003 with the names that
   * there are, CHI-4023 with the candidates for a bare name.
   */
  get(name: string): KnownModule {
    const { spec, folder } = this.#entryOf(name);
    return { spec, folder };
  }

  #entryOf(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const candidates = this.libNames.filter((libName) => libName.endsWith(`_${name}`));
    const bare = candidates.filter((libName) => this.#bareNameOf(libName) === name);
    if (bare.length === 1) return this.#entries.get(bare[0]!)!;
    if (bare.length > 1) {
      throw new ChimaeraError("moduleAmbiguous", {
        what: `module ${name}`,
        why: `it may be ${bare.join(" or ")}`,
      });
    }
    throw new ChimaeraError("moduleNotFound", {
      what: `module ${name}`,
      why: `no such library; known are ${this.libNames.join(", ")}`,
    });
  }

  /** A module's own name: that of the folder that its code is in. */
  #bareNameOf(libName: string): string {
    return this.#entries.get(libName)!.spec.runtimeUrl.split("/").at(-2)!;
  }

  /**
   * Loads the modules of a repo that are not there yet, or one of them.
   *
   * @param path Of the repo, or of a module's folder in one.
   * @returns Those that pools can be made of now, and why the others cannot. Throws CHI-1301 and
   * CHI-1302 for what is no repo, CHI-4022 when another repo has a module of the same library name.
   */
  register(path: string): Promise<Registered> {
    // One after the other, or two would copy the same module.
    const turn = this.#turn.then(() => this.#register(path));
    this.#turn = turn.catch(() => {}); // Whoever asked is told.
    return turn;
  }

  async #register(path: string): Promise<Registered> {
    const { libNameOf, readModuleCode } = await tools();
    const { repo, modules, problems } = await reposModules(path);
    for (const { name, folder } of modules) {
      this.#mustBeFree(libNameOf(repo.namespace, name), folder);
    }
    const known: KnownModule[] = [];
    const failures = problems.map((error) => ({ folder: repo.folder, error }));
    for (const module of modules) {
      const libName = libNameOf(repo.namespace, module.name);
      const entry = this.#entries.get(libName);
      try {
        if (entry === undefined) {
          this.install(await this.#fresh(await readModuleCode(repo, module)));
        }
        known.push(this.get(libName));
      } catch (thrown) {
        // Whatever the system says of its files, it is this module that cannot be loaded.
        const error = toChimaeraError(thrown, "moduleLoad", `load module ${libName}`);
        failures.push({ folder: module.folder, error });
      }
    }
    return { modules: known, failures };
  }

  #mustBeFree(libName: string, folder: string): void {
    const entry = this.#entries.get(libName);
    if (entry === undefined || entry.folder === folder) return;
    throw new ChimaeraError("moduleConflict", {
      what: `load module ${libName} of ${folder}`,
      why: entry.folder === null
        ? "a module of that name is part of the program"
        : `${entry.folder} has a module of that name`,
    });
  }

  /**
   * Reads a module's folder again. Null when nothing has changed. Throws CHI-4003, CHI-4021, CHI-4005;
   * CHI-4025 for one that was not loaded from a repo.
   *
   * @param always Loads it again also when nothing has changed.
   */
  async renew(name: string, always = false): Promise<FreshModule | null> {
    const { spec, folder, hash } = this.#entryOf(name);
    if (folder === null) {
      throw new ChimaeraError("upgradeFailed", {
        what: `upgrade ${spec.libName}`,
        why: "it is part of the program and is upgraded with it",
        hint: "modules of repos can be upgraded; `chimaera mod list` shows their folders",
      });
    }
    const { libNameOf, readModuleCode } = await tools();
    const { repo, modules } = await reposModules(folder);
    const module = modules[0]!;
    if (libNameOf(repo.namespace, module.name) !== spec.libName) {
      throw new ChimaeraError("moduleLoad", {
        what: `upgrade ${spec.libName}`,
        why: `${folder} is ${libNameOf(repo.namespace, module.name)} now`,
        hint: "load it under its new name, and unload the old one",
      });
    }
    const code = await readModuleCode(repo, module);
    return code.hash === hash && !always ? null : await this.#fresh(code);
  }

  /** The modules whose code a file is, or whose folder it is in. */
  using(path: string): string[] {
    const users = [...this.#entries.values()].filter(({ folder, files }) =>
      folder !== null && (files.has(path) || path.startsWith(`${folder}/`))
    );
    return users.map(({ spec }) => spec.libName);
  }

  /** Copies a version and has a worker import it. */
  async #fresh(code: ModuleCode): Promise<FreshModule> {
    const { ENTRY_FILE, libNameOf, moduleFiles, mustHaveEntries, writeModuleCode } = await tools();
    mustHaveEntries(code);
    const { repo, module, hash } = code;
    const libName = libNameOf(repo.namespace, module.name);
    const version = `${hash}-${++this.#made}`;
    const copy = `${this.#folder()}/${libName}/${version}`;
    writeModuleCode(code, copy);
    const copyUrl = `${urlOf(copy)}/`;
    const files = moduleFiles(module.name);
    const spec: ModuleSpec = {
      libName,
      version,
      runtimeUrl: `${copyUrl}${module.name}/${files.runtime}`,
      libExecUrl: `${copyUrl}${module.name}/${files.libExec}`,
      source: { copyUrl, folder: repo.folder, entryUrl: `${copyUrl}${ENTRY_FILE}` },
    };
    try {
      await this.#probe(spec);
      return { spec, code, copy };
    } catch (thrown) {
      this.#remove(copy);
      throw thrown;
    }
  }

  async #probe(spec: ModuleSpec): Promise<void> {
    const probed = this.#options.probe(spec, this.loadMs);
    probed.catch(() => {}); // One that comes too late is nobody's business.
    if (await atMost(2 * this.loadMs, probed)) return void await probed;
    throw new ChimaeraError("moduleLoad", {
      what: `load module ${spec.libName}`,
      why: `its import has held a worker for ${2 * this.loadMs} ms`,
      hint: "a module must not block at its top level; the worker is back when it has ended",
    });
  }

  /**
   * From now on pools are made of this version. Returns what removes the files of the one before,
   * when nobody needs them any more.
   */
  install({ spec, code, copy }: FreshModule): () => void {
    const { libName } = spec;
    const before = this.#entries.get(libName)?.copy ?? null;
    const { module, repo, hash } = code;
    const files = new Set([...code.files.keys()].map((file) => `${repo.folder}/${file}`));
    this.#entries.set(libName, { spec, folder: module.folder, hash, copy, files });
    return () => {
      if (before !== null) this.#remove(before);
    };
  }

  /** Forgets a version, unless it was installed. */
  discard({ spec, copy }: FreshModule): void {
    if (this.#entries.get(spec.libName)?.copy !== copy) this.#remove(copy);
  }

  /** Of a version that was imported, and that nobody needs any more. */
  #remove(copy: string): void {
    try {
      removeAll(copy);
    } catch {
      // It takes room, and nothing else: `close` removes it with all others, and says why it cannot.
    }
    this.#options.onLeft?.();
  }

  /** Forgets a module. Throws CHI-4014 for one of the program, CHI-4003, CHI-4023. */
  forget(name: string): void {
    const { spec, folder, copy } = this.#entryOf(name);
    if (folder === null) {
      throw new ChimaeraError("moduleInUse", {
        what: `unload ${spec.libName}`,
        why: "it is part of the program",
        hint: "modules of repos can be unloaded; `chimaera mod list` shows their folders",
      });
    }
    this.#entries.delete(spec.libName);
    if (copy !== null) this.#remove(copy);
  }

  #folder(): string {
    if (this.#isClosed) {
      throw new ChimaeraError("shutdown", { what: "load a module", why: "the node is stopping" });
    }
    if (this.#copies !== null) return this.#copies;
    const { copies } = this.#options;
    if (copies !== undefined) makeFolder(copies);
    return this.#copies = realPath(copies ?? makeTemporaryFolder("chimaera-modules-"))!;
  }

  /** Removes all copies, and makes no more. */
  close(): void {
    this.#isClosed = true;
    if (this.#copies !== null) removeAll(this.#copies);
    this.#copies = null;
  }
}

/** The repo at a path, and which of its modules are meant. */
async function reposModules(
  path: string,
): Promise<{
  readonly repo: ModuleRepo;
  readonly modules: readonly RepoModule[];
  /** What is wrong in the manifests of others. */
  readonly problems: readonly ChimaeraError[];
}> {
  const { isRepo, readModule, surveyRepo } = await tools();
  const folder = realPath(path);
  if (folder === null) {
    throw new ChimaeraError("repoNotFound", { what: path, why: "no such folder" });
  }
  if (isRepo(folder)) {
    const { repo, problems } = surveyRepo(folder);
    return { repo, modules: repo.modules, problems };
  }
  const module = readModule(folder);
  if (module === null) {
    throw new ChimaeraError("repoNotFound", {
      what: folder,
      why: "it is neither a module repo nor a module's folder",
    });
  }
  const { repo } = surveyRepo(folder.slice(0, folder.lastIndexOf("/")));
  return { repo, modules: [module], problems: [] };
}

function urlOf(path: string): string {
  return new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href;
}
