/**
 * What workers are told of a pool, and whether two requests ask for the same one.
 *
 * Thread rules: plain functions of the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import type {
  ControlMessage,
  CreateOrder,
  LanesOrder,
  PoolParams,
  PoolRequest,
} from "../lane/mod.ts";
import type { NewPool, Pool } from "./pools.ts";

/** Has the home worker make the home instance. */
export function createMessage({ id, request, module, homeWorker }: NewPool): ControlMessage {
  const { name, paramsLayout, params } = request;
  const order: CreateOrder = {
    poolId: id,
    poolName: name,
    module,
    homeWorker,
    paramsLayout,
    params: [...params],
  };
  return { kind: "create", order };
}

/** Tells a worker the lanes of a pool. */
export function lanesMessage(
  { id, request, module, homeWorker, lanes, shared }: Pool,
): ControlMessage {
  const groups = [...new Set(lanes.map(({ group }) => group))].map((group) => ({
    id: group,
    lanes: lanes.filter((lane) => lane.group === group).map(({ id, worker }) => ({ id, worker })),
  }));
  const order: LanesOrder = {
    poolId: id,
    poolName: request.name,
    module,
    homeWorker,
    groups,
    paramsLayout: request.paramsLayout,
    params: [...request.params],
    shared,
  };
  return { kind: "lanes", order };
}

/** A request with the module's own parameters where it names none. */
export function withDefaults(request: PoolRequest, defaults: PoolParams): PoolRequest {
  if (request.paramsLayout !== 0) return request;
  const { paramsLayout, params } = defaults;
  return { ...request, paramsLayout, params: Uint8Array.from(params) };
}

/**
 * Throws CHI-4002 when a pool is not the one that is asked for, CHI-3002 when that cannot be told,
 * because the client was made for other parameters.
 */
export function checkSame({ id, request: known, defaults }: Pool, request: PoolRequest): void {
  const asked = withDefaults(request, defaults);
  if (isSame(known, asked)) return;
  const what = `create pool ${asked.name}`;
  const [had, has] = [known.paramsLayout, asked.paramsLayout];
  if (known.libName === asked.libName && had !== 0 && has !== 0 && had !== has) {
    const why = "it exists, and the client's create parameters are not those of its module";
    throw new ChimaeraError("layoutMismatch", { what, why });
  }
  const why = `it exists with other parameters (${known.libName}, id ${id})`;
  throw new ChimaeraError("poolExists", { what, why });
}

function isSame(a: PoolRequest, b: PoolRequest): boolean {
  return a.libName === b.libName && a.paramsLayout === b.paramsLayout &&
    a.params.length === b.params.length && a.params.every((byte, k) => byte === b.params[k]);
}
