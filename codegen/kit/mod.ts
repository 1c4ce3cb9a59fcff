/** What a module repo has of the program: its code and its types, in `.chimaera/`. */

export * from "./kit_names.ts";
export * from "./write_kit.ts";
