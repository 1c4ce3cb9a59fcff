/** What may be chosen of a node, and what is chosen where nothing was said. */

import { ChimaeraError } from "./errors.ts";
import type { ModuleSpec } from "./lane/mod.ts";
import { LIMITS } from "./limits.ts";
import { type Backing, memoryFilesReachable } from "./memory/mod.ts";
import type { LostWorker } from "./module/mod.ts";
import type { Stall } from "./observe/mod.ts";
import {
  cpuCount,
  ffiAvailable,
  isWritableFolder,
  machineMemoryBytes,
  processId,
} from "./platform/mod.ts";
import { type Instance, SEGMENT_FILES_FOLDER, type SegmentPlaces } from "./session/mod.ts";

/** What may be chosen of a node. What is out of range is CHI-1001 at the start. */
export interface NodeOptions {
  /** Worker threads; one per processor, at least 2 and at most 64, when absent. */
  readonly workers?: number;
  /** Bytes of the node segment. */
  readonly memoryBytes?: number;
  /** Bytes of all its clients' sessions; at least 256 MiB, and a quarter of the machine's, if absent. */
  readonly sessionMemoryBytes?: number;
  /** Fence and tag blocks: errors of memory use are reported. CHIMAERA_DEBUG_HEAP=1 sets it. */
  readonly debugHeap?: boolean;
  /** Shuffles the turns of lanes, to find what relies on their order. CHIMAERA_LANE_SEED sets it. */
  readonly laneSeed?: number;
  /**
   * What other processes map: `memfd`, sealed memory files; `file`, files that trust this user;
   * `private`, nothing. The first that works when absent.
   */
  readonly backing?: Backing;
  /**
   * Folders of module repos, as paths or `file:` URLs. Their modules are loaded from copies, and can
   * be upgraded while the node runs.
   */
  readonly repos?: readonly (string | URL)[];
  /**
   * Called for a module of `repos` that cannot be loaded, and for a repo that cannot be read; the node
   * does without. Absent: the node does not start.
   */
  readonly onModuleFailed?: (error: ChimaeraError) => void;
  /** Modules that are loaded from where they are, once. */
  readonly modules?: readonly ModuleSpec[];
  /** Claimed runtime directory, for a node that other processes may connect to. */
  readonly instance?: Instance;
  /** Called when a handler holds its lane too long. */
  readonly onStall?: (stall: Stall) => void;
  /**
   * Gives a worker up when a handler has held it so long, in milliseconds: its tasks fail, and a
   * new thread takes its lanes. Absent: never.
   */
  readonly stallAbandonMs?: number;
  /**
   * Called when a worker's thread could not be replaced that has kept the code of many upgrades. It
   * runs on.
   */
  readonly onRenewalFailed?: (error: ChimaeraError) => void;
  /** Called when a worker fails outside any handler, or is given up. */
  readonly onWorkerLost?: (lost: LostWorker) => void;
}

/** Where segments are made, by their id. */
export function segmentPlaces(
  wanted: Backing | undefined,
  instance: Instance | undefined,
): SegmentPlaces {
  if (wanted === "private" || !ffiAvailable()) return () => ({ private: true });
  if (wanted !== "file" && (wanted === "memfd" || memoryFilesReachable())) return () => ({});
  const folder = isWritableFolder(SEGMENT_FILES_FOLDER)
    ? SEGMENT_FILES_FOLDER
    : instance?.paths.folder;
  if (folder === undefined) return () => ({ private: true });
  const name = instance?.paths.segmentPrefix ?? `chimaera-process-${processId()}-`;
  return (id) => ({ file: `${folder}/${name}${id}` });
}

export function defaultNodeBytes(): number {
  return Math.min(LIMITS.nodeBytesDefault, Math.floor(machineMemoryBytes() / 8 / 65536) * 65536);
}

/** Workers of a node on so many processors: one for each, within what a node can have. */
export function defaultWorkers(cpus: number): number {
  return Math.min(LIMITS.workersMax, Math.max(2, cpus));
}

/** How many workers a node gets. Throws CHI-1001. */
export function workerCount(options: NodeOptions): number {
  const workers = options.workers ?? defaultWorkers(cpuCount());
  if (!Number.isInteger(workers) || workers < 1 || workers > LIMITS.workersMax) {
    throw new ChimaeraError("usage", {
      what: "start a node",
      why: `${workers} workers; 1 to ${LIMITS.workersMax} are possible`,
      hint: "leave `workers` out for one per processor",
    });
  }
  return workers;
}

/** A folder that was given as a path or as a `file:` URL. */
export function pathOf(folder: string | URL): string {
  const url = typeof folder === "string" && !folder.startsWith("file:") ? null : new URL(folder);
  const path = url === null ? folder as string : decodeURIComponent(url.pathname);
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
