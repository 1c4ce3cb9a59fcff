/**
 * The modules that a node begins with: how its registry has them tried, and those of its repos.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "./errors.ts";
import { type Ask, ModuleRegistry } from "./module/mod.ts";
import { type NodeOptions, pathOf } from "./node_options.ts";

/**
 * The registry of a node of so many workers; modules are tried on one that nothing holds.
 *
 * @param tried Gets the library that each worker tries, or has tried last.
 */
export function makeRegistry(
  { modules, instance }: NodeOptions,
  workers: number,
  ask: Ask,
  isHeld: (worker: number) => boolean,
  tried: Map<number, string>,
  onLeft: () => void,
): ModuleRegistry {
  const all = Array.from({ length: workers }, (_, worker) => worker);
  const registry = new ModuleRegistry({
    probe: (module, limitMs) => {
      const worker = all.find((worker) => !isHeld(worker)) ?? 0;
      tried.set(worker, module.libName);
      return ask(worker, { kind: "probe", module, limitMs });
    },
    onLeft,
    copies: instance === undefined ? undefined : `${instance.paths.folder}/modules`,
  });
  for (const spec of modules ?? []) registry.add(spec);
  return registry;
}

/** Loads the modules of the repos that a node begins with. Throws where nobody else is told. */
export async function loadRepos(
  registry: ModuleRegistry,
  { repos, onModuleFailed }: NodeOptions,
): Promise<void> {
  const refuse = (thrown: unknown) => {
    if (!(thrown instanceof ChimaeraError) || onModuleFailed === undefined) throw thrown;
    onModuleFailed(thrown);
  };
  for (const repo of repos ?? []) {
    try {
      const { failures } = await registry.register(pathOf(repo));
      for (const { error } of failures) refuse(error);
    } catch (thrown) {
      refuse(thrown);
    }
  }
}
