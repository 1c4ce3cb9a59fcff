/** What a `*_methods.yaml` may say, and the words for what it may not. */

import assert from "node:assert/strict";
import { Module, ModuleClient } from "chimaera";
import { test } from "../tests/permission.ts";
import { readMethods } from "./method_model.ts";
import { BASE_MEMBERS } from "./method_rules.ts";

const FILE = "m/m_methods.yaml";

/** The methods and the problems of a text, as one writes them down. */
function read(text: string): { methods: string[]; problems: string[] } {
  const { methods, problems } = readMethods(text, FILE);
  for (const { kind, hint } of problems) {
    assert.equal(kind, "badMethods");
    assert.equal(hint, "mend the line that is named here, then refresh again");
  }
  return {
    methods: methods.map(({ name, id, at }) => `${name} ${id} ${at}`),
    problems: problems.map(({ message }) => message.replace(/^m\/m_methods\.yaml:(?=\d)/, "")),
  };
}

const VALID: readonly (readonly [what: string, text: string, methods: readonly string[]])[] = [
  ["kCreate alone", "kCreate: 0", ["kCreate 0 1:1"]],
  [
    "the document's file",
    "# Inherited\nkCreate: 0  # 0\nkDestroy: 1\nkNodeFailure: -1\n" +
    "kRecover: -1\nkMigrate: -1\nkUpgrade: -1\n\n# Custom\nkCompress: 10\n",
    [
      "kCreate 0 2:1",
      "kDestroy 1 3:1",
      "kCompress 10 10:1",
    ],
  ],
  [
    "all inherited",
    "kUpgrade: 5\nkMigrate: 4\nkRecover: 3\nkNodeFailure: 2\nkDestroy: 1\nkCreate: 0",
    [
      "kCreate 0 6:1",
      "kDestroy 1 5:1",
      "kNodeFailure 2 4:1",
      "kRecover 3 3:1",
      "kMigrate 4 2:1",
      "kUpgrade 5 1:1",
    ],
  ],
  ["the last number, and any order", "kLast: 4294967295\nkCreate: 0\nkFirst: 10", [
    "kCreate 0 2:1",
    "kFirst 10 3:1",
    "kLast 4294967295 1:1",
  ]],
  ["a method of one's own that is off", "kCreate: 0\nkGone: -1\n", ["kCreate 0 1:1"]],
  ["line ends of another system", "kCreate: 0\r\nkMd: 10\r\n", ["kCreate 0 1:1", "kMd 10 2:1"]],
  ["a byte order mark", "\uFEFFkCreate: 0\n", ["kCreate 0 1:2"]],
  ["the other way to write a map", "{ kCreate: 0, kMd: 10 }", ["kCreate 0 1:3", "kMd 10 1:15"]],
  ["names with digits and _", "kCreate: 0\nkMd5_sum: 10\n", ["kCreate 0 1:1", "kMd5_sum 10 2:1"]],
  ["a name of 64 characters", `kCreate: 0\nk${"X".repeat(63)}: 10`, [
    "kCreate 0 1:1",
    `k${"X".repeat(63)} 10 2:1`,
  ]],
  ["words that JavaScript keeps", "kCreate: 0\nkDelete: 10\nkNew: 11\nkStatic: 12", [
    "kCreate 0 1:1",
    "kDelete 10 2:1",
    "kNew 11 3:1",
    "kStatic 12 4:1",
  ]],
];

for (const [what, text, methods] of VALID) {
  test(`methods: ${what}`, () => {
    assert.deepEqual(read(text), { methods, problems: [] });
  });
}

const HEAD = "kCreate: 0\n";
const OWN = "own methods are numbered from 10 on";
const NO_NAME = "it is no method's name: write k, a capital letter, then letters, digits and _";
const MEMBERS = "members of its code would have the names of those of";

const INVALID: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  ["an empty file", "", ["1:1: it has no methods; begin with `kCreate: 0`"]],
  ["comments alone", "# kCreate: 0\n", [
    "1:1: it has no methods; begin with `kCreate: 0`",
  ]],
  ["no kCreate", "kDestroy: 1\n", [
    "1:1: kCreate is missing: every module is created; add `kCreate: 0`",
  ]],
  ["kCreate off", "kCreate: -1\n", [
    "1:10: kCreate: it cannot be off: every module is created; write 0",
  ]],
  ["kCreate with another number", "kCreate: 1\n", ["1:10: kCreate: 1 is not its number; write 0"]],
  ["an inherited method with another number", `${HEAD}kDestroy: 7\nkUpgrade: 10\n`, [
    "2:11: kDestroy: 7 is not its number; write 1, or -1 to turn it off",
    "3:11: kUpgrade: 10 is not its number; write 5, or -1 to turn it off",
  ]],
  ["a number twice", `${HEAD}kA: 10\nkB: 11\nkC: 10\n`, [
    "4:5: kC: 10 is the number of kA in line 2; give it another",
  ]],
  ["a name twice", `${HEAD}kA: 10\nkA: 11\n`, [
    "3:1: `kA` stands in line 2 already; remove one of them",
  ]],
  ["kCreate twice", `${HEAD}kCreate: 0\n`, [
    "2:1: `kCreate` stands in line 1 already; remove one of them",
  ]],
  ["numbers 6 to 9", `${HEAD}kA: 6\nkB: 9\n`, [
    `2:5: kA: 6 is kept for inherited methods to come; ${OWN}`,
    `3:5: kB: 9 is kept for inherited methods to come; ${OWN}`,
  ]],
  ["numbers of inherited methods", `${HEAD}kA: 0\nkB: 5\n`, [
    `2:5: kA: 0 is the number of kCreate; ${OWN}`,
    `3:5: kB: 5 is the number of kUpgrade; ${OWN}`,
  ]],
  ["numbers out of range", `${HEAD}kA: 4294967296\nkB: -2\nkC: 99999999999999999999\n`, [
    "2:5: kA: 4294967296 is too large; the last number is 4294967295",
    "3:5: kB: -2 is no method's number; -1 turns a method off",
    "4:5: kC: 99999999999999999999 is too large; the last number is 4294967295",
  ]],
  [
    "what is no whole number",
    `${HEAD}kA: 1.5\nkB: ten\nkC: "10"\nkD: 0x10\nkE: 1e3\nkF:\nkG: true\nkH: 010\nkI: -0\n`,
    [
      "2:5: kA: `1.5` is no whole number; write digits",
      "3:5: kB: `ten` is no whole number; write digits",
      "4:5: kC: `10` is no whole number; write digits without quotes",
      "5:5: kD: `0x10` is no whole number; write digits",
      "6:5: kE: `1e3` is no whole number; write digits",
      "7:1: kF: it has no number; -1 turns it off",
      "8:5: kG: `true` is no whole number; write digits",
      "9:5: kH: `010` is no whole number; write digits",
      "10:5: kI: `-0` is no whole number; write digits",
    ],
  ],
  [
    "names that are none",
    `${HEAD}compress: 10\nCompress: 11\nkcompress: 12\nk-x: 13\nkÄ: 14\nk: 15\nk1: 16\n"kA b": 17\n`,
    [
      ["2:1", "compress"],
      ["3:1", "Compress"],
      ["4:1", "kcompress"],
      ["5:1", "k-x"],
      ["6:1", "kÄ"],
      ["7:1", "k"],
      ["8:1", "k1"],
      ["9:1", "kA b"],
    ].map(([at, name]) => `${at}: ${name}: ${NO_NAME}`),
  ],
  ["a name that is too long", `${HEAD}k${"X".repeat(64)}: 10\n`, [
    `2:1: k${"X".repeat(64)}: its 65 characters are more than 64; shorten it`,
  ]],
  ["names that differ too little", `${HEAD}kDoIt: 10\nkDoit: 11\nkDo_it: 12\n`, [
    `3:1: kDoit: ${MEMBERS} kDoIt, in line 2; choose another name`,
    `4:1: kDo_it: ${MEMBERS} kDoIt, in line 2; choose another name`,
  ]],
  ["names of inherited methods in another spelling", `${HEAD}kCREATE: 10\nkNodefailure: 11\n`, [
    `2:1: kCREATE: ${MEMBERS} kCreate, which is inherited; choose another name`,
    `3:1: kNodefailure: ${MEMBERS} kNodeFailure, which is inherited; choose another name`,
  ]],
  [
    "names of monitors and stubs",
    `${HEAD}kMd: 10\nkMonitorMd: 11\nkAsyncMd: 12\nkMonitorCreate: 13\n`,
    [
      `3:1: kMonitorMd: ${MEMBERS} kMd, in line 2; choose another name`,
      `4:1: kAsyncMd: ${MEMBERS} kMd, in line 2; choose another name`,
      `5:1: kMonitorCreate: ${MEMBERS} kCreate, which is inherited; choose another name`,
    ],
  ],
  [
    "names of members of Module",
    `${HEAD}kOpen: 10\nkClose: 11\nkShared: 12\nkSaveState: 13\nkMapTaskToLane: 14\n`,
    [
      "2:1: kOpen: `open` is a member of Module already; choose another name",
      "3:1: kClose: `close` is a member of Module already; choose another name",
      "4:1: kShared: `shared` is a member of Module already; choose another name",
      "5:1: kSaveState: `saveState` is a member of Module already; choose another name",
      "6:1: kMapTaskToLane: `mapTaskToLane` is a member of Module already; choose another name",
    ],
  ],
  ["names of members of ModuleClient", `${HEAD}kIn: 10\nkInit: 11\n`, [
    "2:1: kIn: `in` is a member of ModuleClient already; choose another name",
    "3:1: kInit: `init` is a member of ModuleClient already; choose another name",
  ]],
  ["names of members of every object", `${HEAD}kConstructor: 10\nkThen: 11\n`, [
    "2:1: kConstructor: `constructor` is a member that JavaScript gives a meaning; choose another name",
    "3:1: kThen: `then` is a member that JavaScript gives a meaning; choose another name",
  ]],
  ["a tab", `${HEAD}\tkA: 10\n  \tkB: 11\n`, [
    "2:1: a tab indents this line; YAML allows spaces only",
    "3:3: a tab indents this line; YAML allows spaces only",
  ]],
  ["a list", "- kCreate\n- kMd\n", [
    "1:1: it is no list of `name: value` lines; write one such line for each name",
  ]],
  ["a word", "kCreate\n", [
    "1:1: it is no list of `name: value` lines; write one such line for each name",
  ]],
  ["maps in the map", `${HEAD}kA:\n  id: 10\nkB: 6\n`, [
    "2:1: `kA` has more than one value; write a single value",
    `4:5: kB: 6 is kept for inherited methods to come; ${OWN}`,
  ]],
  ["a list in the map", `${HEAD}kA: [10, 11]\n`, [
    "2:1: `kA` has more than one value; write a single value",
  ]],
  ["an alias", `${HEAD}kA: &ten 10\nkB: *ten\n`, [
    "3:1: `kB` has the alias `*ten`; write a single value",
  ]],
  [
    "aliases that would grow without end",
    "a: &a [x, x, x, x]\n" +
    ["b", "c", "d", "e", "f", "g", "h", "i"].map((name, k) => {
      const last = "abcdefgh"[k];
      return `${name}: &${name} [${Array(9).fill(`*${last}`).join(", ")}]\n`;
    }).join(""),
    "abcdefghi".split("").map((name, k) =>
      `${k + 1}:1: \`${name}\` has more than one value; write a single value`
    ),
  ],
  ["two documents", `${HEAD}---\nkMd: 10\n`, [
    "2:1: a second document begins here; the file is one: take this line out",
  ]],
  ["a key that is no name", `${HEAD}10: 10\n? [a, b]\n: 11\n`, [
    "2:1: a key that is no plain name; write letters, digits and _",
    "3:3: a key that is no plain name; write letters, digits and _",
  ]],
  ["a bracket that is not closed", `${HEAD}kA: [10\n`, [
    "3:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ]],
  ["a file without end", `${HEAD}${"#".repeat(1 << 20)}`, [
    "1:1: 1048587 characters are too many, at most 1048576; shorten the file",
  ]],
];

for (const [what, text, problems] of INVALID) {
  test(`methods: refused: ${what}`, () => {
    assert.deepEqual(read(text).problems, problems);
  });
}

test("methods: an error is what a person sees, with its place", () => {
  const [problem] = readMethods("kCreate: 0\nkA: 7\n", FILE).problems;
  assert.equal(
    problem!.format(),
    `error[CHI-1304]: ${FILE}:2:5: kA: 7 is kept for inherited methods to come; ${OWN}\n` +
      "hint: mend the line that is named here, then refresh again",
  );
});

/** Names of a class's members that its objects have, optional ones too, from its source. */
function membersIn(source: string, name: string): string[] {
  const start = source.search(new RegExp(`class ${name} \\{`));
  const body = source.slice(start, source.indexOf("\n}\n", start));
  const found = body.matchAll(/^ {2}(?:abstract |readonly |get |async )*([a-z]\w*)\??[(:<]/gm);
  return [...new Set([...found].map(([, member]) => member!))].filter((one) =>
    one !== "constructor" && one !== "create"
  ).sort();
}

test("methods: the members that cannot be methods are those of the classes", () => {
  for (
    const [file, base] of [["lane/module.ts", Module], ["task/client.ts", ModuleClient]] as const
  ) {
    const source = Deno.readTextFileSync(new URL(`../runtime/${file}`, import.meta.url));
    const members = membersIn(source, base.name);
    assert.deepEqual(members, BASE_MEMBERS[base.name as keyof typeof BASE_MEMBERS]);
    for (const own of Object.getOwnPropertyNames(base.prototype)) {
      if (own !== "constructor" && own !== "create") assert.ok(members.includes(own), own);
    }
  }
});
