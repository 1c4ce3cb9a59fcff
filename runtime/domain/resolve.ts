/**
 * From a query to containers. Pure functions of numbers: nothing is allocated for a task that goes
 * to one container.
 */

import { QueryKind } from "./query.ts";

/** Why a query selects nothing. */
export const Unresolved = { empty: -1, pastEnd: -2, unknown: -3, many: -4 } as const;

/**
 * The one container that a query selects, of a pool whose `count` containers have ids 1 … count.
 *
 * @returns The id, or a negative {@linkcode Unresolved}.
 */
export function resolveOne(kind: number, first: number, second: number, count: number): number {
  if (count <= 0) return Unresolved.empty;
  switch (kind) {
    case QueryKind.localId:
    case QueryKind.directId:
    case QueryKind.globalId:
      return first >= 1 && first <= count ? first : Unresolved.pastEnd;
    case QueryKind.localHash:
    case QueryKind.directHash:
    case QueryKind.globalHash:
      return (first >>> 0) % count + 1;
    case QueryKind.range:
      if (first < 0 || second < 1 || first + second > count) return Unresolved.pastEnd;
      return second === 1 ? first + 1 : Unresolved.many;
    case QueryKind.broadcast:
      return count === 1 ? 1 : Unresolved.many;
    case QueryKind.dynamic:
      return 1;
    default:
      return Unresolved.unknown;
  }
}
