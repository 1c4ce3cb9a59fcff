import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";

const DEMO = new URL("demo.ts", import.meta.url).pathname;
const CELLS = 64;
const FRAMES = 3;
const BYTES = FRAMES * CELLS * CELLS * 4;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Runs the demo from source with a small field; its exit code and last line, and the picture. */
async function runDemo(...more: string[]) {
  const folder = Deno.makeTempDirSync({ prefix: "demo-" });
  try {
    const png = `${folder}/field.png`;
    const field = ["--source", "--frames", `${FRAMES}`, "--cells", `${CELLS}`, "--png", png];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", DEMO, ...field, ...more],
      env: { CHIMAERA_RUNTIME_DIR: `${folder}/run` },
    }).output();
    const line = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
    const picture = Array.from(Deno.readFileSync(png).subarray(0, PNG_SIGNATURE.length));
    return { code, png, picture, report: JSON.parse(line), log: new TextDecoder().decode(stderr) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

test("demo: every frame comes back, by shared memory, from another process", async () => {
  const { code, png, picture, report, log } = await runDemo();
  assert.equal(code, 0, log);
  const { bytesOut, ratio, gbPerS, serverPid, clientPid, ...plain } = report;
  assert.deepEqual(plain, { demo: "ok", frames: FRAMES, bytesIn: BYTES, transport: "shm", png });
  assert.ok(bytesOut > 0 && bytesOut < BYTES, `${bytesOut} bytes`);
  assert.equal(ratio, Number((BYTES / bytesOut).toFixed(3)));
  assert.ok(gbPerS > 0, `${gbPerS} GB/s`);
  for (const pid of [serverPid, clientPid]) assert.ok(Number.isInteger(pid) && pid > 0, `${pid}`);
  assert.notEqual(serverPid, clientPid);
  assert.notEqual(serverPid, Deno.pid);
  assert.deepEqual(picture, PNG_SIGNATURE);
  assert.match(log, /stopping: asked by a client/);
});

test("demo: without shared memory it fails", async () => {
  const { code, report, log } = await runDemo("--transport", "socket");
  assert.equal(code, 1, log);
  assert.equal(report.demo, "failed");
  assert.match(report.why, /by socket, not by shared memory/);
  assert.match(log, /stopping: asked by a client/);
});
