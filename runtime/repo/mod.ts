/** What a module repo is on disk: names, manifests, files, what may be imported. Runs no code. */

export * from "./import_rules.ts";
export * from "./imports.ts";
export * from "./manifest.ts";
export * from "./names.ts";
export * from "./snapshot.ts";
export * from "./yaml_file.ts";
