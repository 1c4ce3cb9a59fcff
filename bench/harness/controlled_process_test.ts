import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ControlledProcess, parseBlock, ProcessSide } from "./controlled_process.ts";
import { TextLineStream } from "./text_lines.ts";

const HAS_SHELL = Deno.build.os !== "windows";

function shell(script: string): ControlledProcess {
  return new ControlledProcess({ program: "sh", args: ["-c", script] });
}

test("ControlledProcess: one line in, one line out", { ignore: !HAS_SHELL }, async () => {
  const child = shell(`while read -r line; do echo "# note"; echo "got $line"; done`);
  assert.equal(await child.ask("one"), "got one");
  assert.equal(await child.ask("two"), "got two");
  await child.close();
});

test("ControlledProcess: a child that ends is an error", { ignore: !HAS_SHELL }, async () => {
  const child = shell("exit 3");
  await assert.rejects(child.receive(), /sh ended/);
  await child.close();
});

test("ControlledProcess: a silent child is an error", { ignore: !HAS_SHELL }, async () => {
  const child = shell("read -r line");
  await assert.rejects(child.receive(20), /did not answer/);
  await child.close();
});

test("ProcessSide: reads blocks from a child", { ignore: !HAS_SHELL }, async () => {
  const side = new ProcessSide(shell(`while read -r verb ops; do echo "4.5 $ops"; done`));
  assert.deepEqual(await side.run(9), { microsPerOp: 500, elapsedMs: 4.5, checksum: 9 });
  await side.close();
});

Deno.test("parseBlock: an answer of another kind is an error that shows it", () => {
  assert.throws(() => parseBlock("Segmentation fault", 1), /Segmentation fault/);
});

Deno.test("TextLineStream: cuts at line ends wherever the chunks end", async () => {
  const chunks = ["a", "b\nc", "\n\nd"];
  const lines = ReadableStream.from(chunks).pipeThrough(new TextLineStream());
  assert.deepEqual(await Array.fromAsync(lines), ["ab", "c", "", "d"]);
});
