import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { judgeImport, LAYERS, PACKAGES } from "../../tools/lint/layers.ts";
import { roomOf } from "../../tools/lint/rooms.ts";
import { expectNone, ROOT, sourceFiles } from "./source_tree.ts";

Deno.test("layers: the plan of the house has no circle", () => {
  const done = new Set<string>();
  const visit = (room: string, above: readonly string[]) => {
    assert.ok(!above.includes(room), `circle: ${[...above, room].join(" -> ")}`);
    if (done.has(room)) return;
    for (const below of LAYERS[room] ?? []) visit(below, [...above, room]);
    done.add(room);
  };
  for (const room of Object.keys(LAYERS)) visit(room, []);
});

Deno.test("layers: imports go down and through doors", () => {
  const allowed = [
    ["runtime/memory/heap.ts", "../platform/mod.ts"],
    ["runtime/memory/heap.ts", "./pointer.ts"],
    ["runtime/memory/heap.ts", "../errors.ts"],
    ["runtime/lane/worker.ts", "../task/mod.ts"],
    ["runtime/module/worker_main.ts", "../lane/mod.ts"],
    ["runtime/node.ts", "./session/mod.ts"],
    ["sdk/mod.ts", "../runtime/task/mod.ts"],
    ["cli/serve.ts", "../sdk/node.ts"],
    ["cli/serve.ts", "../chimods/compressor/compressor_client.ts"],
    ["cli/serve.ts", "commander"],
    ["chimods/compressor/compressor_runtime.ts", "chimaera/platform"],
    ["chimods/compressor/compressor_runtime.ts", "./codecs/lz4.ts"],
    ["chimods/compressor/codecs/lz4.ts", "../compressor_tasks.ts"],
    ["chimods/compressor/codecs/portable.ts", "lz4-wasm/lz4_wasm.js"],
    ["chimods/admin/admin_runtime.ts", "chimaera/bdev_client"],
    ["chimods/admin/admin_client.ts", "chimaera/bdev_tasks"],
    ["examples/gray_scott/main.ts", "chimaera"],
    ["examples/gray_scott/main.ts", "chimaera/compressor_client"],
    ["runtime/memory/heap_test.ts", "../lane/worker.ts"],
  ] as const;
  for (const [path, specifier] of allowed) {
    assert.equal(judgeImport(path, specifier), null, `${path} imports ${specifier}`);
  }
});

Deno.test("layers: everything else is refused, with the reason", () => {
  const refused = [
    ["runtime/memory/heap.ts", "../task/mod.ts", /memory may not import task/],
    ["runtime/platform/clock.ts", "../observe/mod.ts", /platform may not import observe/],
    ["runtime/session/port.ts", "../module/mod.ts", /session may not import module/],
    ["runtime/lane/worker.ts", "../../sdk/mod.ts", /lane may not import sdk/],
    ["runtime/lane/worker.ts", "../../chimods/admin/admin_client.ts", /may not import chimods/],
    ["runtime/lane/worker.ts", "chimaera", /lane may not import sdk/],
    ["runtime/lane/worker.ts", "../memory/heap.ts", /through its door/],
    ["runtime/memory/heap.ts", "../platform/shared.ts", /through its door/],
    ["cli/serve.ts", "../runtime/lane/mod.ts", /cli may not import lane/],
    ["cli/serve.ts", "../chimods/compressor/codecs/lz4.ts", /through its door/],
    [
      "chimods/admin/admin_runtime.ts",
      "../../runtime/errors.ts",
      /imports "chimaera" and modules by name/,
    ],
    ["chimods/admin/admin_runtime.ts", "../bdev/bdev_client.ts", /by the name of its client/],
    ["chimods/admin/admin_runtime.ts", "chimaera/bdev_runtime", /neither a door of the SDK/],
    ["runtime/lane/worker.ts", "chimaera/bdev_client", /lane may not import chimods/],
    ["examples/gray_scott/main.ts", "../../chimods/bdev/bdev_client.ts", /by name/],
    ["examples/gray_scott/main.ts", "../../sdk/mod.ts", /imports "chimaera" and modules by name/],
    ["runtime/lane/worker.ts", "commander", /is not for lane/],
    ["cli/serve.ts", "left-pad", /not in the list/],
    ["tests/tutorial/a.ts", "jsr:@std/assert", /only npm packages/],
    ["cli/serve.ts", "https://example.org/x.ts", /only npm packages/],
  ] as const;
  for (const [path, specifier, reason] of refused) {
    assert.match(judgeImport(path, specifier) ?? "", reason, `${path} imports ${specifier}`);
  }
});

test("layers: every file is in a room of the plan", () => {
  const rooms = [...Object.keys(LAYERS), "tests", "bench", "tools"];
  const lost = sourceFiles()
    .filter(({ path }) => /\.tsx?$/.test(path) && !rooms.includes(roomOf(path)))
    .map(({ path }) => `${path}: name its room in tools/lint/`);
  expectNone(lost);
});

test("layers: the packages that we embed are the dependencies of package.json", () => {
  const { dependencies } = JSON.parse(Deno.readTextFileSync(`${ROOT}/package.json`));
  assert.deepEqual(Object.keys(PACKAGES).sort(), Object.keys(dependencies).sort());
});

test("lint: the tree is clean, house rules included", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["lint", "--compact"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
});
