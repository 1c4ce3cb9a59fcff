/// <reference lib="deno.unstable" />
/**
 * The rules of the house that a reader of one file can check, as a plugin of `deno lint`.
 *
 *   house/layers       imports point one way and go through doors            lint/layers.ts
 *   house/seam         the engine reaches the machine through the platform   lint/seam.ts
 *   house/atomics      shared words only through runtime/platform/shared.ts
 *   house/no-back-door a core module reaches the machine as any module does: through the SDK
 *   house/no-exit      the engine never ends the process
 *   house/no-enum      `as const` objects instead of TypeScript enums
 *   house/no-default-export   one name per thing, the same everywhere
 *   house/private-names       `#name`, not the `private` keyword
 *   house/function-lines      a function fits on a screen
 *
 * What needs the whole tree (file lengths, head comments, dependencies) is in `tests/house/`.
 */

import { judgeImport } from "./lint/layers.ts";
import { isCoreModule, isEngine, isWorkshop, projectPath } from "./lint/rooms.ts";
import {
  isMachineModule,
  MACHINE_GLOBALS,
  MACHINE_MEMBERS,
  PURE_DENO_MEMBERS,
  SHARED_WORDS_FILE,
} from "./lint/seam.ts";

type Rule = Deno.lint.Rule;
type Visitor = Deno.lint.LintVisitor;
type Context = Deno.lint.RuleContext;

const NOTHING: Visitor = {};
const FUNCTION_LINES_MAX = 70;

/** A rule that sees only the files that `applies` chooses by project path. */
function rule(
  applies: (path: string) => boolean,
  visit: (context: Context, path: string) => Visitor,
): Rule {
  return {
    create(context) {
      const path = projectPath(context.filename);
      return applies(path) ? visit(context, path) : NOTHING;
    },
  };
}

/** Calls `check` with every specifier that the file imports or re-exports by a literal. */
function onImport(check: (node: Deno.lint.Node, specifier: string) => void): Visitor {
  return {
    ImportDeclaration: (node) => check(node.source, node.source.value),
    ExportAllDeclaration: (node) => check(node.source, node.source.value),
    ExportNamedDeclaration(node) {
      if (node.source !== null) check(node.source, node.source.value);
    },
    ImportExpression(node) {
      const { source } = node;
      if (source.type === "Literal" && typeof source.value === "string") {
        check(source, source.value);
      }
    },
  };
}

/** `object.property` of a member access by plain names, else null. */
function memberName(node: Deno.lint.MemberExpression): string | null {
  if (node.computed || node.object.type !== "Identifier") return null;
  if (node.property.type !== "Identifier") return null;
  return `${node.object.name}.${node.property.name}`;
}

const layers = rule(() => true, (context, path) =>
  onImport((node, specifier) => {
    const message = judgeImport(path, specifier);
    if (message !== null) context.report({ node, message });
  }));

const seam = rule(
  (path) => isEngine(path) && !path.startsWith("runtime/platform/"),
  (context) => {
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `${what} is the machine`,
        hint: "take it from runtime/platform/mod.ts, so that a simulator can replace it",
      });
    return {
      ...onImport((node, specifier) => {
        if (isMachineModule(specifier)) report(node, specifier);
      }),
      MemberExpression(node) {
        const name = memberName(node);
        if (name === null) return;
        if (MACHINE_MEMBERS.includes(name)) report(node, name);
        const [object, member = ""] = name.split(".");
        if (object === "Deno" && !PURE_DENO_MEMBERS.includes(member)) report(node, name);
        if (object !== undefined && MACHINE_GLOBALS.includes(object)) report(node, name);
      },
      CallExpression({ callee }) {
        if (callee.type !== "Identifier") return;
        if (MACHINE_GLOBALS.includes(callee.name)) report(callee, `${callee.name}()`);
      },
      NewExpression({ callee, arguments: values }) {
        if (callee.type !== "Identifier") return;
        if (MACHINE_GLOBALS.includes(callee.name)) report(callee, `new ${callee.name}`);
        if (callee.name === "Date" && values.length === 0) report(callee, "new Date()");
      },
    };
  },
);

const atomics = rule(
  (path) => !isWorkshop(path) && path !== SHARED_WORDS_FILE,
  (context, path) => ({
    Identifier(node) {
      const futex = /^futex[A-Z]/.test(node.name) && !path.startsWith("runtime/platform/");
      if (node.name !== "Atomics" && !futex) return;
      context.report({
        node,
        message: `only ${SHARED_WORDS_FILE} names ${node.name}`,
        hint: "use its load, store, add, cas, exchange, wait and wake",
      });
    },
  }),
);

const noBackDoor = rule(isCoreModule, (context) => ({
  Identifier(node) {
    if (node.name !== "Deno") return;
    const { parent } = node;
    const member = parent.type === "MemberExpression"
      ? parent.property
      : parent.type === "TSQualifiedName"
      ? parent.right
      : null;
    const name = member?.type === "Identifier" ? member.name : "";
    if (PURE_DENO_MEMBERS.includes(name)) return;
    context.report({
      node,
      message: `Deno.${name} is no door of the SDK`,
      hint: "take it from chimaera/platform: openLibrary for FFI, DiskFile of chimaera for files",
    });
  },
}));

const noExit = rule(isEngine, (context) => ({
  CallExpression(node) {
    if (node.callee.type !== "MemberExpression") return;
    const name = memberName(node.callee);
    if (name !== "Deno.exit" && name !== "process.exit") return;
    context.report({ node, message: "the engine throws; only the command line ends the process" });
  },
}));

const noEnum = rule(() => true, (context) => ({
  TSEnumDeclaration(node) {
    context.report({
      node,
      message: "no enum",
      hint: "const X = { a: 0 } as const; type X = typeof X[keyof typeof X]",
    });
  },
}));

const noDefaultExport = rule(
  (path) => path !== "tools/lint_plugin.ts", // Deno asks a plugin for one.
  (context) => ({
    ExportDefaultDeclaration(node) {
      context.report({ node, message: "no default export", hint: "export it by its name" });
    },
  }),
);

const privateNames = rule(() => true, (context) => {
  const check = (node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition) => {
    // A private constructor is the one thing that #names cannot say.
    if (node.type === "MethodDefinition" && node.kind === "constructor") return;
    if (node.accessibility !== "private") return;
    context.report({ node, message: "no `private` keyword", hint: "write #name" });
  };
  return { PropertyDefinition: check, MethodDefinition: check };
});

type AnyFunction =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

const functionLines = rule((path) => !isWorkshop(path), (context) => {
  const check = (node: AnyFunction) => {
    const lines = context.sourceCode.getText(node).split("\n").length;
    if (lines <= FUNCTION_LINES_MAX) return;
    context.report({
      node,
      message: `a function of ${lines} lines, more than ${FUNCTION_LINES_MAX}`,
      hint: "give its parts names",
    });
  };
  return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
});

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    layers,
    seam,
    atomics,
    "no-back-door": noBackDoor,
    "no-exit": noExit,
    "no-enum": noEnum,
    "no-default-export": noDefaultExport,
    "private-names": privateNames,
    "function-lines": functionLines,
  },
};

export default plugin;
