/**
 * DomainQuery: which containers of a pool a task goes to.
 *
 * The factories carry the document's names. Container and node ids start at 1; a hash `h` picks
 * `ids[h mod n]`; a range past the last container is an error. The text form is what commands and
 * configuration use: `local`, `local:2`, `local_hash:5`, `direct:3`, `direct_hash:5`, `global:3`,
 * `global_hash:5`, `range:0:4`, `broadcast`, `dynamic`.
 *
 * Thread rules: immutable values.
 */

import { ChimaeraError } from "../errors.ts";

/** What a query's two arguments mean. The numbers travel in task headers. */
export const QueryKind = {
  localId: 1,
  localHash: 2,
  directId: 3,
  directHash: 4,
  globalId: 5,
  globalHash: 6,
  range: 7,
  broadcast: 8,
  dynamic: 9,
} as const;
/** One of the numbers of `QueryKind`. */
export type QueryKind = typeof QueryKind[keyof typeof QueryKind];

const TEXT: Readonly<Record<QueryKind, string>> = {
  [QueryKind.localId]: "local",
  [QueryKind.localHash]: "local_hash",
  [QueryKind.directId]: "direct",
  [QueryKind.directHash]: "direct_hash",
  [QueryKind.globalId]: "global",
  [QueryKind.globalHash]: "global_hash",
  [QueryKind.range]: "range",
  [QueryKind.broadcast]: "broadcast",
  [QueryKind.dynamic]: "dynamic",
};

const ARGUMENTS: Readonly<Record<QueryKind, number>> = {
  [QueryKind.localId]: 1,
  [QueryKind.localHash]: 1,
  [QueryKind.directId]: 1,
  [QueryKind.directHash]: 1,
  [QueryKind.globalId]: 1,
  [QueryKind.globalHash]: 1,
  [QueryKind.range]: 2,
  [QueryKind.broadcast]: 0,
  [QueryKind.dynamic]: 0,
};

/** Kinds whose argument is an id, which start at 1. */
const IDS: readonly QueryKind[] = [QueryKind.localId, QueryKind.directId, QueryKind.globalId];

function wholeNumber(value: number, least: number, what: string): number {
  if (!Number.isInteger(value) || value < least || value > 0x7fffffff) {
    throw new ChimaeraError("badDomain", {
      what,
      why: `${value} is not a whole number ≥ ${least}`,
    });
  }
  return value;
}

/** Which containers of a pool a task goes to. It travels as three words of the task's header. */
export class DomainQuery {
  /** What the other two mean. */
  readonly kind: QueryKind;
  /** Container id, hash, or first container of a range, by `kind`; 0 where it takes none. */
  readonly first: number;
  /** Containers of a range; else 0. */
  readonly second: number;

  private constructor(kind: QueryKind, first: number, second: number) {
    this.kind = kind;
    this.first = first;
    this.second = second;
  }

  /** A container of this node, by its number on the node; 1 when absent. */
  static getLocalId(id = 1): DomainQuery {
    return new DomainQuery(QueryKind.localId, wholeNumber(id, 1, "getLocalId"), 0);
  }

  /** A container of this node, by hash. */
  static getLocalHash(hash: number): DomainQuery {
    return new DomainQuery(QueryKind.localHash, wholeNumber(hash, 0, "getLocalHash"), 0);
  }

  /** The container with this id, wherever it is. */
  static getDirectId(id: number): DomainQuery {
    return new DomainQuery(QueryKind.directId, wholeNumber(id, 1, "getDirectId"), 0);
  }

  /** One container of the pool, by hash. */
  static getDirectHash(hash: number): DomainQuery {
    return new DomainQuery(QueryKind.directHash, wholeNumber(hash, 0, "getDirectHash"), 0);
  }

  /** As {@linkcode getDirectId}, resolved where the pool's table is. */
  static getGlobalId(id: number): DomainQuery {
    return new DomainQuery(QueryKind.globalId, wholeNumber(id, 1, "getGlobalId"), 0);
  }

  /** As {@linkcode getDirectHash}, resolved where the pool's table is. */
  static getGlobalHash(hash: number): DomainQuery {
    return new DomainQuery(QueryKind.globalHash, wholeNumber(hash, 0, "getGlobalHash"), 0);
  }

  /** `count` containers from the `offset`-th on, counted from 0. */
  static getRange(offset: number, count: number): DomainQuery {
    const from = wholeNumber(offset, 0, "getRange");
    return new DomainQuery(QueryKind.range, from, wholeNumber(count, 1, "getRange"));
  }

  /** Every container of the pool. */
  static getGlobalBcast(): DomainQuery {
    return new DomainQuery(QueryKind.broadcast, 0, 0);
  }

  /** The module decides, in its monitor's kSchedule. */
  static getDynamic(): DomainQuery {
    return new DomainQuery(QueryKind.dynamic, 0, 0);
  }

  /** Reads the text form. Throws CHI-4012. */
  static fromString(text: string): DomainQuery {
    const [name, ...parts] = text.trim().split(":");
    const found = (Object.entries(TEXT) as [string, string][]).find(([, word]) => word === name);
    const kind = Number(found?.[0]) as QueryKind;
    const numbers = parts.map((part) => /^\d+$/.test(part) ? Number(part) : NaN);
    const wanted = ARGUMENTS[kind];
    const shortLocal = kind === QueryKind.localId && parts.length === 0;
    if (found === undefined || (numbers.length !== wanted && !shortLocal)) {
      throw new ChimaeraError("badDomain", {
        what: `domain query \`${text}\``,
        why: found === undefined ? "no such kind" : `it takes ${wanted} number(s)`,
      });
    }
    const least = IDS.includes(kind) ? 1 : 0;
    const first = shortLocal ? 1 : wanted > 0 ? wholeNumber(numbers[0]!, least, text) : 0;
    const second = wanted > 1 ? wholeNumber(numbers[1]!, 1, text) : 0;
    return new DomainQuery(kind, first, second);
  }

  /** The text that {@linkcode fromString} reads: `range:2:4`. */
  toString(): string {
    const words = [TEXT[this.kind], this.first, this.second];
    return words.slice(0, 1 + ARGUMENTS[this.kind]).join(":");
  }
}
