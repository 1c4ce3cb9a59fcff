/**
 * Makes module repos and modules, and keeps what is generated in them in line with what is declared.
 *
 *   methods.yaml ─▶ method_model ─▶ print_methods, print_lib_exec    files of ours, written whole
 *                              └──▶ print_blocks ─▶ author_file      insertions into the author's
 *
 * Nothing here runs a module's code.
 */

export type { UnusedBlock } from "./author_file.ts";
export { clearTemp } from "./clear_temp.ts";
export { CORE_NAMESPACE } from "./deno_config.ts";
export { diffOf, type FileChange } from "./drafts.ts";
export { hasTask, isUpgrade, type Method, type MethodTable, readMethods } from "./method_model.ts";
export { type NewModule, newModule } from "./new_module.ts";
export { type NewRepo, newRepo } from "./new_repo.ts";
export { printLibExec } from "./print_lib_exec.ts";
export { printMethods } from "./print_methods.ts";
export type { TempFile } from "./refresh_module.ts";
export { planRefresh, type RefreshPlan, writeRefresh, writtenBy } from "./refresh_repo.ts";
export { freshModule } from "./template.ts";
export * from "./check/mod.ts";
export * from "./kit/mod.ts";
