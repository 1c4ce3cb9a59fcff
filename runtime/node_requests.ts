/**
 * What the workers of a node ask of the thread that assembled it: for the admin's handlers, and for
 * themselves.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "./errors.ts";
import type {
  ControlMessage,
  LaneMoveRequest,
  ModuleInfo,
  NodeStats,
  PoolRequest,
  RegisterInfo,
} from "./lane/mod.ts";
import { LIMITS } from "./limits.ts";
import type {
  KnownModule,
  LaneMover,
  ModuleRegistry,
  Policies,
  Pools,
  Recycling,
  Upgrades,
  WorkerCrew,
} from "./module/mod.ts";
import { after } from "./platform/mod.ts";
import type { NodeSessions } from "./session/mod.ts";

/** The parts of a node that requests concern. */
export interface RequestedParts {
  readonly crew: WorkerCrew;
  readonly pools: Pools;
  readonly registry: ModuleRegistry;
  readonly upgrades: Upgrades;
  readonly moves: LaneMover;
  readonly recycling: Recycling;
  readonly sessions: NodeSessions;
  readonly policies: Policies;
  readonly stats: () => NodeStats;
  readonly askStop: () => void;
}

/** Carries out a request of the worker `from`; its result must be JSON. */
export function carryOut(parts: RequestedParts, message: ControlMessage, from: number): unknown {
  const { crew, pools, sessions } = parts;
  switch (message.kind) {
    case "started":
      return crew.onStarted(message.worker as number);
    case "createPool": {
      const request = message.request as PoolRequest;
      return pools.create({ ...request, params: Uint8Array.from(request.params) });
    }
    case "destroyPool":
      return pools.destroy(message.id as number);
    case "listPools":
      return pools.list();
    case "moveLane":
      return parts.moves.move(message.request as LaneMoveRequest);
    case "recycleWorker":
      return parts.recycling.askedBy(from, message.worker as number);
    case "registerModule":
      return registerModules(parts, message.folder as string);
    case "destroyModule":
      return destroyModule(parts, message.libName as string);
    case "upgradeModule":
      return parts.upgrades.upgrade(message.libName as string, {
        dropState: message.dropState as boolean,
      });
    case "listModules":
      return parts.registry.list.map((known) => infoOf(known, pools));
    case "stats":
      return parts.stats();
    case "setPolicy":
      return parts.policies.use(message.policy as "queue" | "proc", message.poolId as number);
    case "stop":
      // The task that asked is answered first.
      after(LIMITS.stopGraceMs, parts.askStop);
      return null;
    case "malformed":
      return sessions.endMalformed(message.sessionId as number, message.why as string);
    case "unknownSession":
      return sessions.onUnknown(message.sessionId as number, from);
    case "closing":
      return sessions.onClosing(message.sessionId as number);
    default:
      throw new ChimaeraError("badDescriptor", {
        what: `message of worker ${from}`,
        why: `unknown kind ${message.kind}`,
      });
  }
}

async function registerModules(
  { registry, pools }: RequestedParts,
  folder: string,
): Promise<RegisterInfo> {
  const { modules, failures } = await registry.register(folder);
  return {
    modules: modules.map((known) => infoOf(known, pools)),
    failures: failures.map(({ folder, error }) => {
      const { code, what, why, hint } = error;
      return { folder, code, what, why, hint };
    }),
  };
}

/** Forgets a module, unless pools are made of it or are being made. */
async function destroyModule({ registry, pools }: RequestedParts, name: string): Promise<void> {
  const { spec: { libName }, folder } = registry.get(name);
  if (folder === null) return registry.forget(libName); // It refuses, and says why.
  const tooLate = () =>
    new ChimaeraError("moduleInUse", {
      what: `unload ${libName}`,
      why: "a pool of it is being made",
      hint: "unload it when its `create` has ended; one that never ends ends with the node",
    });
  await pools.making.without(libName, { limitMs: LIMITS.laneDrainMs, tooLate }, () => {
    const own = pools.all.filter(({ module }) => module.libName === libName);
    if (own.length > 0) {
      const names = own.map(({ request }) => request.name).join(", ");
      throw new ChimaeraError("moduleInUse", {
        what: `unload ${libName}`,
        why: `there are pools of it: ${names}`,
      });
    }
    registry.forget(libName);
    return Promise.resolve();
  });
}

/** A module as the admin shows it. */
export function infoOf({ spec, folder }: KnownModule, pools: Pools): ModuleInfo {
  const { libName, version } = spec;
  const count = pools.all.filter(({ module }) => module.libName === libName).length;
  return { libName, version, folder: folder ?? "", pools: count };
}
