/**
 * `serve --watch`: what is saved in a repo goes live.
 *
 * A change of a module's files upgrades it, and every module that names it; a module that is new, or
 * could not be loaded before, is loaded. What fails is shown once and the old version serves, until
 * a later change mends it.
 *
 * Thread rules: the main isolate, with the node.
 */

import { ChimaeraError, toChimaeraError } from "../../runtime/errors.ts";
import type { Node } from "../../sdk/node.ts";
import { after } from "../../runtime/platform/mod.ts";

/** How long nothing must change before what has changed is looked at. */
const QUIET_MS = 8;
/** How long it is waited for that at most. */
const PATIENCE_MS = 200;

const NO_CODE = /(^|\/)(\.[^/]*|node_modules)(\/|$)|\.temp$/;

/** How long after an upgrade that was refused it is tried again; twice as long each further time. */
const RETRY_MS = 2000;
const RETRIES_MAX = 6;

/** What a change of them may leave behind the YAML. */
const DECLARED = /(_methods\.(yaml|ts)|_lib_exec\.ts|chimaera_(repo|mod)\.yaml|deno\.jsonc?)$/;

export interface RepoWatchOptions {
  readonly node: Node;
  /** Folders of repos, in full. */
  readonly repos: readonly string[];
  /** Tells the user; one line or more. */
  readonly say: (text: string) => void;
  /** Something of a repo has changed: whoever checks types may begin. */
  readonly onChange: (repo: string) => void;
}

export class RepoWatch {
  readonly #options: RepoWatchOptions;
  readonly #watcher: Deno.FsWatcher;
  readonly #changed = new Set<string>();
  #firstMs = 0;
  #cancel: () => void = () => {};
  #isClosed = false;
  /** Errors that were shown, by module or repo. */
  readonly #shown = new Map<string, string>();
  /** Upgrades that are tried again, by library: how to take that back. */
  readonly #retries = new Map<string, () => void>();
  /** What is done about changes, one after the other. */
  #work: Promise<void> = Promise.resolve();
  readonly #done: Promise<void>;

  constructor(options: RepoWatchOptions) {
    this.#options = options;
    try {
      this.#watcher = Deno.watchFs([...options.repos], { recursive: true });
    } catch (thrown) {
      const { what, why } = toChimaeraError(thrown, "fileIo", "watch the repos");
      const hint = "raise fs.inotify.max_user_watches, or serve without --watch";
      throw new ChimaeraError("fileIo", { what, why, hint, cause: thrown });
    }
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    for await (const { kind, paths } of this.#watcher) {
      if (kind === "access" || kind === "any" || kind === "other") continue;
      for (const path of paths) this.#note(path);
    }
  }

  #note(path: string): void {
    const repo = this.#repoOf(path);
    if (repo === undefined || NO_CODE.test(path.slice(repo.length + 1))) return;
    const nowMs = performance.now();
    if (this.#changed.size === 0) this.#firstMs = nowMs;
    this.#changed.add(path);
    this.#cancel();
    const leftMs = this.#firstMs + PATIENCE_MS - nowMs;
    this.#cancel = after(Math.max(0, Math.min(QUIET_MS, leftMs)), () => this.#begin());
  }

  #repoOf(path: string): string | undefined {
    return this.#options.repos.find((repo) => path.startsWith(`${repo}/`));
  }

  #begin(): void {
    const paths = [...this.#changed];
    this.#changed.clear();
    this.#work = this.#work.then(() => this.#handle(paths));
  }

  async #handle(paths: readonly string[]): Promise<void> {
    const { node, onChange } = this.#options;
    const concerned = new Set(paths.flatMap((path) => node.modules.using(path)));
    for (const libName of concerned) await this.#upgrade(libName, 0);
    const repos = new Set(paths.map((path) => this.#repoOf(path)!));
    for (const repo of repos) {
      await this.#register(repo);
      const own = paths.filter((path) => path.startsWith(`${repo}/`));
      if (own.some((path) => DECLARED.test(path))) await this.#lookAtGenerated(repo);
      onChange(repo);
    }
  }

  /** Says when what is generated is not what the YAML says. */
  async #lookAtGenerated(repo: string): Promise<void> {
    const about = `generated in ${repo}`;
    try {
      const { planRefresh } = await import("../../codegen/mod.ts");
      const { problems, changes } = await planRefresh(repo);
      const behind = changes.map(({ file }) => file).join(", ");
      const lines = problems.map((problem) => problem.format());
      if (behind !== "") lines.push(`behind: ${behind}; run \`chimaera repo refresh ${repo}\``);
      const text = lines.join("\n");
      if (text !== (this.#shown.get(about) ?? "") && text !== "") this.#options.say(text);
      this.#shown.set(about, text);
    } catch (thrown) {
      this.#show(about, toChimaeraError(thrown, "internal", `read ${repo}`), "");
    }
  }

  /** @param tries How often the same was tried before, since something was saved. */
  async #upgrade(libName: string, tries: number): Promise<void> {
    const { node, say } = this.#options;
    this.#retries.get(libName)?.();
    this.#retries.delete(libName);
    try {
      const info = await node.upgrades.upgrade(libName);
      const wasShown = this.#shown.delete(libName);
      if (info.from === info.to) {
        if (wasShown) say(`mended: ${libName} is what serves already`);
        return;
      }
      say(upgradeText(info));
    } catch (thrown) {
      const error = toChimaeraError(thrown, "internal", `upgrade ${libName}`);
      this.#show(libName, error, "note: the old version serves on", tries > 0);
      // What stood in its way may have gone by then: a handler that was long under way.
      if (error.kind === "upgradeFailed") this.#retry(libName, tries + 1);
    }
  }

  #retry(libName: string, tries: number): void {
    if (tries > RETRIES_MAX || this.#isClosed) return;
    const cancel = after(RETRY_MS * 2 ** (tries - 1), () => {
      this.#work = this.#work.then(() => this.#upgrade(libName, tries));
    });
    this.#retries.set(libName, cancel);
  }

  /** Loads what is new in a repo, or is whole again. */
  async #register(repo: string): Promise<void> {
    const { node, say } = this.#options;
    const before = new Set(node.modules.libNames);
    try {
      const { modules, failures } = await node.modules.register(repo);
      this.#shown.delete(repo);
      for (const { spec, folder } of modules) {
        if (before.has(spec.libName)) continue;
        this.#shown.delete(folder ?? "");
        say(`loaded ${spec.libName}`);
      }
      for (const { folder, error } of failures) this.#show(folder, error, "", true);
    } catch (thrown) {
      this.#show(repo, toChimaeraError(thrown, "internal", `read ${repo}`), "", true);
    }
  }

  /** Shows an error; one that was shown before, and stands after a further save, in a line. */
  #show(about: string, error: ChimaeraError, note: string, isRetry = false): void {
    const text = error.format();
    if (this.#shown.get(about) === text) {
      if (!isRetry) this.#options.say(`still refused: ${error.code} of ${about}, as above`);
      return;
    }
    this.#shown.set(about, text);
    this.#options.say(note === "" ? text : `${text}\n${note}`);
  }

  /** Looks at nothing more. Resolves when what is being done has ended, as it does with the node. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    for (const cancel of this.#retries.values()) cancel();
    this.#watcher.close();
    return this.#done.then(() => this.#work);
  }
}

/** What is said of an upgrade. */
export function upgradeText(
  { libName, pools, lanes, restarted, tasks, stallMs }: {
    readonly libName: string;
    readonly pools: number;
    readonly lanes: number;
    readonly restarted: number;
    readonly tasks: number;
    readonly stallMs: number;
  },
): string {
  if (pools === 0) return `upgraded ${libName}, which has no pools`;
  const some = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const state = restarted === 0
    ? "with their state"
    : `${restarted} of them made anew, without the old version's state`;
  return `upgraded ${libName}: ${some(pools, "pool")}, ${some(lanes, "lane")}, ${state}; ` +
    `${some(tasks, "task")} waited, for ${stallMs.toFixed(1)} ms`;
}
