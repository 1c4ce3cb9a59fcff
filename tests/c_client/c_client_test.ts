/**
 * A client in C, compiled here and attached to a node in another process: what
 * docs/memory_layout.md says is enough, and true.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { permitted, test } from "../permission.ts";

const SOURCE = fileURLToPath(new URL("chimaera_client.c", import.meta.url));
const SERVE = fileURLToPath(new URL("serve.ts", import.meta.url));
const WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

function hasCompiler(): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/cc`).isFile;
    } catch {
      return false; // Absent, or a folder that may not be looked into.
    }
  });
}

const ignore = !permitted() || Deno.build.os !== "linux" || !hasCompiler();

interface Run {
  readonly code: number;
  readonly errors: string;
  readonly lines: readonly string[];
}

/** What the client's last line says. */
interface Report {
  readonly workers: number;
  readonly deep: number;
  readonly sum: number;
  readonly filled: number;
  readonly batch: number;
  readonly error: { readonly code: number; readonly record: Readonly<Record<string, string>> };
  readonly roundTrip: Readonly<Record<"rounds" | "p50Us" | "p99Us", number>>;
}

/** A folder with the compiled client, and in it the runtime directory of this test's nodes. */
class Workbench implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "cc" });
  readonly client = `${this.folder}/chimaera_client`;
  readonly #nodes: Deno.ChildProcess[] = [];

  static async open(): Promise<Workbench> {
    const bench = new Workbench();
    const args = ["-std=c11", "-O2", ...WARNINGS, "-o", bench.client, SOURCE];
    const { success, stderr } = await new Deno.Command("cc", { args, stderr: "piped" }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return bench;
  }

  /** Starts a node; returns its process and its instance's folder. */
  async serve(name: string, workers: number, backing: "memfd" | "file" = "memfd") {
    const node = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", SERVE, name, `${workers}`, backing],
      env: { CHIMAERA_RUNTIME_DIR: `${this.folder}/run` },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#nodes.push(node);
    const { value } = await lines(node.stdout).next();
    assert.equal(value, `${this.folder}/run/${name}`);
    return { node, folder: value };
  }

  start(...args: string[]): Deno.ChildProcess {
    return new Deno.Command(this.client, { args, stdout: "piped", stderr: "piped" }).spawn();
  }

  async run(...args: string[]): Promise<Run> {
    const { code, stdout, stderr } = await this.start(...args).output();
    const decoder = new TextDecoder();
    const text = decoder.decode(stdout).trimEnd();
    return { code, errors: decoder.decode(stderr), lines: text.split("\n") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) {
      await node.stdin.close().catch(() => {}); // One that was killed has closed it already.
      await node.status;
    }
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

for (const workers of [1, 2, 4]) {
  test({
    name: `a C client calls the modules of a node with ${workers} workers`,
    ignore,
    async fn() {
      await using bench = await Workbench.open();
      const { folder } = await bench.serve("plain", workers);
      const { code, errors, lines: said } = await bench.run(folder, "6000");
      assert.equal(code, 0, errors);
      const report: Report = JSON.parse(said.at(-1)!);
      assert.equal(report.workers, workers);
      assert.equal(report.deep, 6);
      assert.equal(report.filled, 15 * 2 ** 20);
      assert.equal(report.batch, 4096);
      assert.equal(report.error.code, 3002);
      assert.match(report.error.record.what!, /small_message\.kMd/);
      assert.match(report.error.record.hint!, /repo refresh/);
      assert.equal(report.roundTrip.rounds, 6000);
      assert.ok(report.roundTrip.p50Us > 0 && report.roundTrip.p50Us <= report.roundTrip.p99Us);
    },
  });
}

test({
  name: "a C client attaches to a node whose memory is a file",
  ignore,
  async fn() {
    await using bench = await Workbench.open();
    const { folder } = await bench.serve("file", 2, "file");
    const { code, errors } = await bench.run(folder, "100");
    assert.equal(code, 0, errors);
  },
});

test({
  name: "a C client that breaks the rules is told why, and the next one is served",
  ignore,
  async fn() {
    await using bench = await Workbench.open();
    const { folder } = await bench.serve("strict", 2);
    const broken = await bench.run(folder, "--break");
    assert.equal(broken.code, 0, broken.errors);
    const { ended } = JSON.parse(broken.lines.at(-1)!);
    assert.equal(ended.error.code, 3009);
    assert.match(ended.error.why, /slot 4096/);
    const next = await bench.run(folder, "100");
    assert.equal(next.code, 0, next.errors);
  },
});

test({
  name: "a C client notices that its node was killed",
  ignore,
  async fn() {
    await using bench = await Workbench.open();
    const { node, folder } = await bench.serve("short", 2);
    const client = bench.start(folder, "100000000");
    const said = lines(client.stdout);
    assert.equal((await said.next()).value, "connected");
    node.kill("SIGKILL");
    const [errors, { code }] = await Promise.all([
      new Response(client.stderr).text(),
      client.status,
      said.return(undefined),
    ]);
    assert.equal(code, 1);
    assert.match(errors, /the node (died|closed the connection)/);
  },
});
