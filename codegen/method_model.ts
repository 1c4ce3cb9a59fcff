/**
 * A module's methods, as its `*_methods.yaml` declares them: the model that is printed.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { readYaml, type YamlEntry } from "../runtime/repo/mod.ts";
import { derivedNames, INHERITED, methodNameProblem, methodNumber, OFF } from "./method_rules.ts";

/** A method that is on. */
export interface Method {
  /** As in the YAML: `kCompress`. */
  readonly name: string;
  readonly id: number;
  /** `line:column` of its name. */
  readonly at: string;
}

/** What a YAML file declares, and all that is wrong with it. */
export interface MethodTable {
  /** Those that are on, by number. */
  readonly methods: readonly Method[];
  readonly problems: readonly ChimaeraError[];
}

/** kUpgrade is no call: the runtime hands the module what the version before it saved. */
export function isUpgrade({ name }: Method): boolean {
  return name === "kUpgrade";
}

/** Whether a method is called by tasks of a type of its own, which the module declares. */
export function hasTask(method: Method): boolean {
  return method.name !== "kCreate" && method.name !== "kDestroy" && !isUpgrade(method);
}

/**
 * Reads the methods of a module.
 *
 * @param file As errors name it.
 */
export function readMethods(text: string, file: string): MethodTable {
  const { entries, problems } = readYaml(text, file, "badMethods");
  const table = new TableReader(file).read(entries, problems.length === 0);
  if (problems.length === 0) return table;
  return { methods: table.methods, problems: [...problems, ...table.problems].toSorted(byPlace) };
}

/** In the order of the text: both are `file:line:column` of one file. */
function byPlace(a: ChimaeraError, b: ChimaeraError): number {
  const [lineA = 0, columnA = 0] = a.what.split(":").slice(-2).map(Number);
  const [lineB = 0, columnB = 0] = b.what.split(":").slice(-2).map(Number);
  return lineA - lineB || columnA - columnB;
}

/** Where errors about a whole file are: a place that can be opened. */
const WHOLE_FILE = "1:1";

class TableReader {
  readonly #file: string;
  readonly #problems: ChimaeraError[] = [];
  readonly #byNumber = new Map<number, Method>();
  /** What a method may not become, and whose it is. */
  readonly #taken = new Map<string, { readonly name: string; readonly line: string | null }>();

  constructor(file: string) {
    this.#file = file;
    for (const name of Object.keys(INHERITED)) this.#take(name, null);
  }

  /** @param isWhole Whether the entries are all: what a broken file leaves out, its author did not. */
  read(entries: readonly YamlEntry[], isWhole: boolean): MethodTable {
    const methods = entries.flatMap((entry) => this.#readEntry(entry) ?? []);
    if (isWhole) this.#checkWhole(entries);
    return { methods: methods.toSorted((a, b) => a.id - b.id), problems: this.#problems };
  }

  #checkWhole(entries: readonly YamlEntry[]): void {
    if (entries.length === 0) {
      this.#refuse(WHOLE_FILE, "it has no methods; begin with `kCreate: 0`");
    } else if (!entries.some(({ key }) => key === "kCreate")) {
      this.#refuse(WHOLE_FILE, "kCreate is missing: every module is created; add `kCreate: 0`");
    }
  }

  #readEntry({ key: name, keyAt: at, value, source, valueAt }: YamlEntry): Method | null {
    const isInherited = Object.hasOwn(INHERITED, name);
    const why = isInherited ? null : methodNameProblem(name) ?? this.#collision(name);
    if (why !== null) this.#refuse(at, `${name}: ${why}`);
    const id = methodNumber(name, value, source);
    if (typeof id === "string") this.#refuse(valueAt, `${name}: ${id}`);
    if (!isInherited && why === null) this.#take(name, at.split(":")[0]!);
    if (why !== null || typeof id === "string" || id === OFF) return null;
    const method = { name, id, at };
    const earlier = this.#byNumber.get(id);
    this.#byNumber.set(id, earlier ?? method);
    if (earlier === undefined) return method;
    const where = `${earlier.name} in line ${earlier.at.split(":")[0]}`;
    this.#refuse(valueAt, `${name}: ${id} is the number of ${where}; give it another`);
    return null;
  }

  #collision(name: string): string | null {
    for (const derived of derivedNames(name)) {
      const other = this.#taken.get(derived);
      if (other === undefined) continue;
      const where = other.line === null ? "which is inherited" : `in line ${other.line}`;
      return `members of its code would have the names of those of ${other.name}, ${where}; ` +
        "choose another name";
    }
    return null;
  }

  #take(name: string, line: string | null): void {
    for (const derived of derivedNames(name)) this.#taken.set(derived, { name, line });
  }

  #refuse(at: string, why: string): void {
    const what = `${this.#file}:${at}`;
    this.#problems.push(new ChimaeraError("badMethods", { what, why }));
  }
}
