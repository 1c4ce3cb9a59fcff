/** Makes C++ Chimaera repos, and repos of older layouts, repos of this program's layout. */

export type { CppFile } from "./cpp_module.ts";
export { planReformat, type ReformatPlan, writeReformat } from "./reformat_repo.ts";
