/**
 * `serve --watch`: type errors of what was saved, shown beside what goes live. They stop nothing: a
 * module is loaded whether its types are right or not.
 *
 * A check runs in a process of its own, one for each repo at a time; a change ends it and begins it
 * anew.
 *
 * Thread rules: the main isolate, with the node.
 */

import { checkTypesApart, placeText, type TypeProblem } from "../../codegen/mod.ts";
import { toChimaeraError } from "../../runtime/errors.ts";
import { after } from "../../runtime/platform/mod.ts";

/** How long nothing must change before a check begins: it takes a processor for a second or two. */
const QUIET_MS = 300;

interface RepoState {
  /** Takes back a check that has not begun. */
  cancel: () => void;
  /** Ends the check under way. */
  current: AbortController | null;
  /** What was shown last; empty when the types were right. */
  shown: string;
  over: Promise<void>;
}

export class TypeWatch {
  readonly #say: (text: string) => void;
  readonly #repos = new Map<string, RepoState>();
  #isClosed = false;

  /** @param say Tells the user; one line or more. */
  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Something in a repo has changed, or nothing is known of it yet. */
  readonly check = (repo: string): void => {
    if (this.#isClosed) return;
    const known = this.#repos.get(repo);
    const state = known ?? { cancel: () => {}, current: null, shown: "", over: Promise.resolve() };
    this.#repos.set(repo, state);
    state.cancel();
    state.current?.abort();
    state.cancel = after(QUIET_MS, () => {
      const current = state.current = new AbortController();
      state.over = state.over.then(() => this.#run(repo, state, current.signal));
    });
  };

  async #run(repo: string, state: RepoState, signal: AbortSignal): Promise<void> {
    let text: string;
    try {
      text = (await checkTypesApart(repo, signal)).map((problem) => lineOf(repo, problem)).join(
        "\n",
      );
    } catch (thrown) {
      if (signal.aborted) return;
      text = toChimaeraError(thrown, "repoCheck", `check the types of ${repo}`).format();
    }
    if (text === state.shown) return;
    state.shown = text;
    this.#say(text === "" ? `the types of ${repo} are right again` : text);
  }

  /** Ends the checks under way; none begins any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancel, current } of this.#repos.values()) {
      cancel();
      current?.abort();
    }
    for (const { over } of this.#repos.values()) await over;
  }
}

function lineOf(repo: string, problem: TypeProblem): string {
  return `type error: ${repo}/${placeText(problem)}  ${problem.code}: ${problem.message}`;
}
