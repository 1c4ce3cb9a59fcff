/** The code that simulated nodes run: loading it is real, and is done before a run. */

import { type LoadedModule, type ModuleSpec, serializer } from "../../../runtime/lane/mod.ts";
import { coreModules, loadModule, moduleInFolder } from "../../../runtime/module/mod.ts";
import { codeOf } from "./next_versions.ts";

export const BUSY_MODULE = moduleInFolder(new URL("./modules/busy/", import.meta.url), "sim");

const NEEDED = [
  "chimaera_admin",
  "chimaera_worch_queue_round_robin",
  "chimaera_worch_proc_round_robin",
];

export type LoadModule = (spec: ModuleSpec) => Promise<LoadedModule>;

/** What a run's workers load their modules by. */
export async function loadModules(): Promise<LoadModule> {
  await serializer();
  const core = coreModules().filter(({ libName }) => NEEDED.includes(libName));
  const specs = [...core, BUSY_MODULE];
  const loaded = await Promise.all(specs.map(loadModule));
  const byName = new Map(specs.map(({ libName }, k) => [libName, loaded[k]!]));
  return (spec) => Promise.resolve(codeOf(byName.get(spec.libName)!, spec));
}
