import assert from "node:assert/strict";
import { permitted, test } from "../tests/permission.ts";
import { BLOCK_BYTES_DEFAULT } from "./packing/limits.ts";
import { plainUser, ProgramFolder, type RunOptions, sample } from "./testing/program.ts";

const CODECS = [["lz4", ".lz4"], ["zstd", ".zst"], ["gzip", ".gz"]] as const;
const BLOCK = BLOCK_BYTES_DEFAULT;
/** Odd, so that the last block is short. */
const DATA = sample(5 * BLOCK + 12_345);

/** Compresses and decompresses by every codec; returns the reports. */
async function roundTrips(folder: ProgramFolder, options: RunOptions = {}) {
  folder.write("data", DATA);
  return await Promise.all(CODECS.map(async ([codec, ending]) => {
    const packed = await folder.json(["compress", "data", "--codec", codec], options);
    assert.equal(packed.output, `data${ending}`);
    const words = ["decompress", packed.output, "-o", `back${ending}`];
    const unpacked = await folder.json(words, options);
    assert.deepEqual(folder.read(`back${ending}`), DATA, codec);
    return { codec, packed, unpacked };
  }));
}

function tasksOf(lanes: readonly { tasks: number }[]): number {
  return lanes.reduce((sum, { tasks }) => sum + tasks, 0);
}

test("compress: each block is a task, on two lanes at least, by the node's own counters", async () => {
  await using folder = new ProgramFolder();
  for (const { codec, packed, unpacked } of await roundTrips(folder)) {
    assert.equal(packed.codec, codec);
    assert.equal(packed.bytesIn, DATA.length);
    assert.equal(packed.bytesOut, folder.read(packed.output).length);
    assert.equal(packed.ratio, packed.bytesIn / packed.bytesOut);
    assert.ok(packed.ratio > 1.5, `${codec}: ${packed.ratio}`);
    assert.equal(packed.blocks, 6);
    assert.equal(packed.blockSize, BLOCK);
    assert.equal(packed.tasks, packed.blocks);
    assert.ok(packed.lanesUsed >= 2, JSON.stringify(packed.lanes));
    assert.equal(tasksOf(packed.lanes), packed.blocks);
    assert.equal(packed.node, "embedded");
    assert.equal(packed.transport, "in-process");
    assert.match(packed.provider, /^[a-z0-9:-]+$/);
    assert.ok(packed.seconds > 0);

    assert.equal(unpacked.command, "decompress");
    assert.equal(unpacked.frames, 6);
    assert.equal(unpacked.streamed, false);
    assert.equal(unpacked.tasks, 6);
    assert.equal(tasksOf(unpacked.lanes), 6);
    assert.ok(unpacked.lanesUsed >= 2, JSON.stringify(unpacked.lanes));
    assert.equal(unpacked.bytesOut, DATA.length);
  }
});

test("compress: with a node running it attaches", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve();
  for (const { packed, unpacked } of await roundTrips(folder)) {
    for (const report of [packed, unpacked]) {
      assert.equal(report.tasks, 6, "its own, though three ran at the same time");
      assert.equal(tasksOf(report.lanes), 6, "its lanes, too");
      assert.ok(report.lanesUsed >= 2, JSON.stringify(report.lanes));
      assert.equal(report.node, "attached");
      assert.equal(report.nodePid, server.pid);
      assert.notEqual(report.transport, "in-process");
    }
  }
  const { stderr } = await folder.run(["compress", "data", "-o", "again.lz4"]);
  assert.doesNotMatch(stderr, /^note:/);
  assert.match(stderr, /6 tasks on 2 lanes \(attached, /);
  assert.deepEqual(await poolsOfRuns(folder), []);
});

/** Names of the pools that runs have at a node now. */
async function poolsOfRuns(folder: ProgramFolder): Promise<string[]> {
  const { pools } = await folder.json(["pool", "list"]);
  return pools.map(({ name }: { name: string }) => name)
    .filter((name: string) => name.startsWith(".command_line-"));
}

test("compress: a run's pool ends with it, if it fails, is interrupted or killed", async () => {
  await using folder = new ProgramFolder();
  await folder.serve();
  for (const options of [{}, { denyFfi: true }]) {
    for (const [signal, code, left] of [["SIGINT", 130, 0], ["SIGKILL", 137, 1]] as const) {
      const child = folder.spawn(["compress", "-", "-o", "out.lz4"], { stdin: DATA, ...options });
      const output = Promise.all([
        new Response(child.stderr).text(),
        new Response(child.stdout).text(),
      ]);
      const writer = child.stdin.getWriter();
      await writer.write(DATA);
      while ((await poolsOfRuns(folder)).length === 0) {
        await new Promise((wake) => setTimeout(wake, 5));
      }
      child.kill(signal);
      assert.equal((await child.status).code, code);
      await output;
      await writer.abort().catch(() => {});
      assert.equal((await poolsOfRuns(folder)).length, left, signal);
    }
    folder.write("bad.lz4", new Uint8Array([4, 0x22, 0x4d, 0x18, 9, 9, 9, 9, 9]));
    // It takes the killed run's pool along.
    assert.equal((await folder.run(["decompress", "bad.lz4"], options)).code, 1);
    assert.deepEqual(await poolsOfRuns(folder), []);
  }
});

test("compress: without FFI, on a node of its own and on one that runs", async () => {
  await using folder = new ProgramFolder();
  const options = { denyFfi: true };
  for (const { packed } of await roundTrips(folder, options)) {
    assert.equal(packed.tasks, 6);
    assert.doesNotMatch(packed.provider, /^lib/);
  }
  await using second = new ProgramFolder();
  await second.serve();
  for (const { packed } of await roundTrips(second, options)) {
    assert.equal(packed.transport, "socket");
    assert.equal(packed.tasks, 6);
  }
});

test("compress: over the socket, nothing of it stays in the node", async () => {
  await using folder = new ProgramFolder();
  await folder.serve();
  folder.write("data", DATA);
  const used: number[] = [];
  for (let round = 0; round < 6; round++) {
    await folder.json(["compress", "data", "--force"], { denyFfi: true });
    used.push((await folder.json(["status"])).usedBytes);
  }
  // The first rounds make the pool and fill what the debug heap withholds for a while. After them
  // a block that stays would be a MiB in each round.
  assert.ok(used[5]! - used[2]! < 2 << 20, `bytes in use after each round: ${used}`);
});

test("compress: says when it starts a node of its own", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  const { code, stdout, stderr } = await folder.run(["compress", "data"]);
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /^note: no node runs as instance default; starting one inside/);
  assert.match(stderr, /^data -> data\.lz4: .* by lz4 \(/m);
  assert.doesNotMatch(stderr, /\r|\[#/, "a progress bar in a pipe");
});

test("compress: a pipe in, a pipe out", async () => {
  await using folder = new ProgramFolder();
  const packed = await folder.run(["compress", "-", "--codec", "zstd", "--json"], { stdin: DATA });
  assert.equal(packed.code, 0, packed.stderr);
  // The data has standard output for itself.
  const report = JSON.parse(packed.stderr.split("\n").find((line) => line.startsWith("{"))!);
  assert.equal(report.bytesOut, packed.bytes.length);
  assert.equal(report.output, "standard output");
  const unpacked = await folder.run(["decompress", "-"], { stdin: packed.bytes });
  assert.deepEqual(unpacked.bytes, DATA);
});

test("compress: the output's ending chooses the codec, and the block size is the user's", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  const words = ["compress", "data", "-o", "x.gz", "--block-size", "256k", "--level", "1"];
  const report = await folder.json(words);
  assert.equal(report.codec, "gzip");
  assert.equal(report.level, 1);
  assert.equal(report.blocks, Math.ceil(DATA.length / (256 << 10)));
  assert.equal(report.tasks, report.blocks);
});

test("compress: a name that says another codec than the user is pointed out", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  const words = ["compress", "data", "-f", "-o", "x.gz", "--codec"];
  const [other, same] = [
    await folder.run([...words, "zstd"]),
    await folder.run([...words, "gzip"]),
  ];
  assert.equal(other.code, 0);
  assert.match(other.stderr, /^warning: x\.gz will hold zstd, though its name says gzip$/m);
  assert.doesNotMatch(same.stderr, /warning/);
});

test("compress: an empty file is a file", async () => {
  await using folder = new ProgramFolder();
  folder.write("empty", new Uint8Array(0));
  await Promise.all(CODECS.map(async ([codec, ending]) => {
    const packed = await folder.json(["compress", "empty", "--codec", codec]);
    assert.equal(packed.tasks, 1);
    assert.ok(folder.read(`empty${ending}`).length > 0);
    const words = ["decompress", `empty${ending}`, "-o", `back${ending}`];
    assert.equal((await folder.json(words)).bytesOut, 0);
    assert.equal(folder.read(`back${ending}`).length, 0);
  }));
});

test("compress: more data than the window of shared memory", async () => {
  await using folder = new ProgramFolder();
  const piece = sample(8 << 20);
  const raw = new Uint8Array(32 * piece.length);
  for (let at = 0; at < raw.length; at += piece.length) raw.set(piece, at);
  folder.write("large", raw);
  const packed = await folder.json(["compress", "large", "--block-size", "8MiB"]);
  assert.equal(packed.tasks, 32);
  const unpacked = await folder.json(["decompress", "large.lz4", "-o", "back"]);
  assert.equal(unpacked.tasks, 32);
  assert.ok(indexOfDifference(folder.read("back"), raw) < 0);
});

function indexOfDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return k;
  return -1;
}

test("compress: what cannot be read or written is an error with a cause", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  folder.write("there", new Uint8Array([1, 2, 3]));
  Deno.mkdirSync(`${folder.path}/folder`);
  Deno.symlinkSync("data", `${folder.path}/link`);
  const cases = [
    [["compress", "nowhere"], "CHI-1101", /compress nowhere: no such file/],
    [["compress", "folder"], "CHI-1103", /compress folder: it is a folder/],
    [["compress", "data", "-o", "folder"], "CHI-1103", /write folder: it is a folder/],
    [["compress", "data/x"], "CHI-1101", /compress data\/x: a part of its path is no folder$/m],
    [["compress", "new\nline\x1b[31m"], "CHI-1101", /compress new\\nline\\x1b\[31m: no such/],
    [["compress", "data", "-o", "no/where"], "CHI-1101", /write no\/where: no such file/],
    [["compress", "data", "-o", "there"], "CHI-1104", /write there: it exists already/],
    [["compress", "data", "-o", "data", "--force"], "CHI-1107", /write data: it is the input/],
    [["compress", "data", "-o", "link", "--force"], "CHI-1107", /write link: it is the input/],
    [["compress", "link", "-o", "data", "--force"], "CHI-1107", /write data: it is the input/],
    [["compress", "data", "-o", "/dev/full"], "CHI-1105", /write \/dev\/full: No space left/],
  ] as const;
  const before = folder.list();
  await Promise.all(cases.map(async ([words, code, text]) => {
    const run = await folder.run(words);
    assert.equal(run.code, 1, words.join(" "));
    assert.ok(run.stderr.includes(`error[${code}]`), run.stderr);
    assert.match(run.stderr, text);
    assert.match(run.stderr, /^hint: /m);
    if (words[3] === "folder") assert.match(run.stderr, /^hint: name a file in it with -o$/m);
  }));
  assert.deepEqual(folder.list(), before);
  assert.deepEqual(folder.read("data"), DATA);
  assert.deepEqual(folder.read("there"), new Uint8Array([1, 2, 3]));
});

test("compress: --force replaces a file, through a link the file behind it", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  folder.write("old", new Uint8Array([1, 2, 3]));
  Deno.symlinkSync("old", `${folder.path}/link`);
  Deno.chmodSync(`${folder.path}/data`, 0o640);
  assert.equal((await folder.run(["compress", "data", "-o", "link", "--force"])).code, 0);
  assert.ok(Deno.lstatSync(`${folder.path}/link`).isSymlink);
  assert.deepEqual([...folder.read("old").subarray(0, 4)], [0x04, 0x22, 0x4d, 0x18]);
  assert.equal(Deno.statSync(`${folder.path}/old`).mode! & 0o777, 0o640, "the input's mode");
  assert.equal((await folder.run(["decompress", "old", "-o", "back"])).code, 0);
  assert.deepEqual(folder.read("back"), DATA);
  assert.equal((await folder.run(["compress", "/dev/null", "-o", "nothing"])).code, 0);
  const mode = Deno.statSync(`${folder.path}/nothing`).mode! & 0o777;
  assert.equal(mode, 0o666 & ~Deno.umask(), "a device's mode is its own");
});

const PLAIN = plainUser();

test("compress: a file that nobody may read", { ignore: PLAIN === null }, async () => {
  await using folder = new ProgramFolder();
  folder.write("secret", DATA);
  Deno.chmodSync(`${folder.path}/secret`, 0);
  const { code, stderr } = await folder.run(["compress", "secret"], PLAIN!);
  assert.equal(code, 1);
  assert.match(stderr, /error\[CHI-1102\]: compress secret: permission denied/);
});

/** A file system of its own, which root alone can make, and not in every container. */
class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static mount(path: string): SmallDisk | null {
    if (!mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", path)) return null;
    return new SmallDisk(path);
  }

  [Symbol.dispose](): void {
    const { success } = new Deno.Command("umount", { args: [this.path] }).outputSync();
    assert.ok(success, `umount ${this.path}`);
  }
}

function mount(...args: string[]): boolean {
  return new Deno.Command("mount", { args, stderr: "null" }).outputSync().success;
}

function canMount(): boolean {
  if (!permitted() || Deno.uid() !== 0) return false;
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-mount-" });
  try {
    const disk = SmallDisk.mount(folder);
    disk?.[Symbol.dispose]();
    return disk !== null;
  } finally {
    Deno.removeSync(folder);
  }
}

test("compress: a full disk is an error, and nothing is left on it", {
  ignore: !canMount(),
}, async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  const path = `${folder.path}/disk`;
  Deno.mkdirSync(path);
  using disk = SmallDisk.mount(path)!;
  const { code, stderr } = await folder.run(["compress", "data", "-o", "disk/data.lz4"]);
  assert.equal(code, 1);
  assert.match(stderr, /error\[CHI-1105\]: write disk\/data\.lz4: No space left/);
  assert.match(stderr, /^hint: free some space/m);
  assert.deepEqual([...Deno.readDirSync(disk.path)], []);
});

test("compress: interrupted in the middle, it leaves nothing behind", async () => {
  await using folder = new ProgramFolder();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = folder.spawn(["compress", "-", "-o", "out.lz4"], { stdin: DATA });
    const errors = new Response(child.stderr).text();
    const output = new Response(child.stdout).text();
    const writer = child.stdin.getWriter();
    await writer.write(DATA);
    // The input goes on, so the program waits for the rest of it.
    while (!folder.list().some((name) => name.endsWith(".part"))) {
      await new Promise((wake) => setTimeout(wake, 5));
    }
    child.kill(signal);
    assert.equal((await child.status).code, code);
    await Promise.all([errors, output]);
    await writer.abort().catch(() => {});
    assert.deepEqual(folder.list(), []);
  }
});

test("compress: what a killed run left in the folder is removed by the next", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  const parts = () => folder.list().filter((name) => name.endsWith(".part"));
  const spawn = async (output: string) => {
    const known = parts();
    const child = folder.spawn(["compress", "-", "-o", output], { stdin: DATA });
    const drained = Promise.all([
      new Response(child.stderr).text(),
      new Response(child.stdout).text(),
    ]);
    while (parts().length === known.length) await new Promise((wake) => setTimeout(wake, 5));
    return { child, drained, part: parts().find((name) => !known.includes(name))! };
  };
  const killed = await spawn("killed.lz4");
  killed.child.kill("SIGKILL");
  await Promise.all([killed.child.status, killed.drained]);
  const living = await spawn("living.lz4");
  const young = ".chimaera-young.part";
  folder.write(young, DATA);
  const names = [killed.part, living.part, young].sort();
  assert.deepEqual(parts(), names);

  // Both of the runs have not written for two hours.
  const longAgo = Date.now() / 1000 - 7200;
  for (const part of [killed.part, living.part]) {
    Deno.utimeSync(`${folder.path}/${part}`, longAgo, longAgo);
  }
  assert.equal((await folder.run(["compress", "data"])).code, 0);
  assert.deepEqual(parts(), names.filter((name) => name !== killed.part));

  await killed.child.stdin.abort().catch(() => {});
  await living.child.stdin.close();
  assert.equal((await living.child.status).code, 0);
  await living.drained;
  assert.deepEqual(parts(), [young]);
});

test("compress: a node that dies in the middle is an error, and leaves nothing behind", async () => {
  await using folder = new ProgramFolder();
  const server = await folder.serve();
  const child = folder.spawn(["compress", "-", "-o", "out.lz4"], { stdin: DATA });
  const errors = new Response(child.stderr).text();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(DATA);
  while (!folder.list().some((name) => name.endsWith(".part"))) {
    await new Promise((wake) => setTimeout(wake, 5));
  }
  server.child.kill("SIGKILL");
  // It may be done with all that came so far, and learns of it with the next block.
  await writer.write(DATA).catch(() => {});
  await writer.close().catch(() => {});
  assert.equal((await child.status).code, 1);
  assert.match(await errors, /error\[CHI-5005\]/);
  await output;
  assert.deepEqual(folder.list(), []);
});

test("compress: a reader that goes away is no drama", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", sample(32 << 20));
  const child = folder.spawn(["compress", "data", "-o", "-"]);
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await child.status).code, 1);
  assert.doesNotMatch(await errors, /error\[/);
});

/** Util-linux's, which gives a program a terminal. */
function canUseTerminal(): boolean {
  if (!permitted()) return false;
  try {
    return new Deno.Command("script", { args: ["--version"] }).outputSync().success;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

test("compress, decompress: a terminal sees a bar, which is gone at the end; a pipe sees none", {
  ignore: !canUseTerminal(),
}, async () => {
  await using folder = new ProgramFolder();
  folder.write("data", sample(3 << 20));
  for (const [verb, file] of [["compress", "data"], ["decompress", "data.lz4"]] as const) {
    const { code, shown } = await folder.runOnTerminal([verb, file, "--force"]);
    assert.equal(code, 0, shown);
    // Each drawing begins where the last one began.
    const [result, gone] = shown.split("\r\x1b[K").reverse();
    assert.ok(gone !== undefined, JSON.stringify(shown));
    assert.ok(gone.startsWith(`${verb} ${file}  [`), gone);
    assert.match(gone.split("  [")[1]!, /^[#-]{20}\] +\d+% {2}.* of .*B {2}\d.*B\/s$/);
    assert.match(result!, /^\S+ -> [^\r]*\r\n$/, "the result takes its place");
    const piped = await folder.run([verb, file, "--force"]);
    assert.equal(/\r|\[[#-]/.test(piped.stdout + piped.stderr), false, piped.stderr);
  }
});
