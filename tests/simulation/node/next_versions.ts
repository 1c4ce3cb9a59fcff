/**
 * Versions of the busy module without files: whoever has it upgraded gets the same code under
 * another name, or a version that does not take over what the old one leaves.
 *
 * Thread rules: one registry per run.
 */

import type { LoadedModule, ModuleSpec } from "../../../runtime/lane/mod.ts";
import type { FreshModule, ModuleRegistry } from "../../../runtime/module/mod.ts";
import type { Dice } from "../../../runtime/testing/mod.ts";

const BROKEN = "broken";

/** Has a registry make versions of a module up instead of reading them. */
export function makeVersionsUp(registry: ModuleRegistry, module: ModuleSpec, dice: Dice): void {
  let made = 0;
  registry.renew = () => {
    const version = `${++made}${dice.once(4) ? ` ${BROKEN}` : ""}`;
    const fresh = { spec: { ...module, version }, copy: "" };
    return Promise.resolve(fresh as unknown as FreshModule);
  };
  registry.install = ({ spec }) => {
    registry.add(spec);
    return () => {};
  };
  registry.discard = () => {};
}

/** The code of a version. */
export function codeOf(loaded: LoadedModule, { version }: ModuleSpec): LoadedModule {
  if (!version.endsWith(BROKEN)) return loaded;
  return {
    ...loaded,
    make: () => {
      const module = loaded.make();
      module.restoreState = () => {
        throw new Error(`version ${version}`);
      };
      return module;
    },
  };
}

/** Whether an upgrade failed because of its version. */
export function isBroken(why: string): boolean {
  return why.endsWith(BROKEN);
}
