import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/test";
import { allowedCpus } from "../../runtime/platform/mod.ts";
import { permitted, test } from "../../tests/permission.ts";
import { Client as Admin } from "chimaera/admin_client";
import { Client } from "./worch_proc_round_robin_client.ts";

const LOCAL = DomainQuery.getLocalId();

async function policyOf(session: Session): Promise<Client> {
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, "policy");
  return client;
}

/** The processor of each worker, on a machine with these. */
async function chosen(client: Client, workerCount: number, cpus: number[]): Promise<number[]> {
  using task = client.asyncSchedule(LOCAL, { workerCount, allowedCpus: cpus });
  await task.wait();
  return [...task.cpus];
}

test("worch_proc_round_robin: workers get the last processors, the first stays free", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  assert.deepEqual(await chosen(policy, 1, [0, 1]), [1]);
  assert.deepEqual(await chosen(policy, 3, [0, 1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(await chosen(policy, 2, [2, 5, 8, 511]), [8, 511]);
});

test("worch_proc_round_robin: none is bound where no processor would stay free", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  assert.deepEqual(await chosen(policy, 2, [0, 1]), [-1, -1]);
  assert.deepEqual(await chosen(policy, 3, [4, 6]), [-1, -1, -1]);
  assert.deepEqual(await chosen(policy, 1, [7]), [-1]);
});

test("worch_proc_round_robin: bound workers never share, nor take what is not allowed", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  const workerCounts = fc.integer({ min: 1, max: 32 });
  const machines = fc.uniqueArray(fc.nat(1023), { minLength: 1, maxLength: 40 })
    .map((cpus) => cpus.sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(workerCounts, machines, async (workerCount, cpus) => {
      const answer = await chosen(policy, workerCount, cpus);
      assert.equal(answer.length, workerCount);
      if (workerCount >= cpus.length) return assert.ok(answer.every((cpu) => cpu === -1));
      assert.equal(new Set(answer).size, workerCount);
      assert.ok(answer.every((cpu) => cpus.includes(cpu)), `${answer} of ${cpus}`);
    }),
    { numRuns: 100 },
  );
});

/** The processors that each thread of this process may use, in the kernel's form. */
function cpusOfThreads(): string[] {
  return [...Deno.readDirSync("/proc/self/task")].flatMap(({ name }) => {
    const status = Deno.readTextFileSync(`/proc/self/task/${name}/status`);
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? [];
  });
}

/** Whether a worker can be bound here with a processor left over. */
const canBind = permitted() && Deno.build.os === "linux" && allowedCpus().length >= 2;

test({
  name: "worch_proc_round_robin: a worker is bound to the processor that it says",
  ignore: !canBind,
  async fn() {
    await using started = await startNode({ workers: 1 });
    const admin = new Admin(started.session);
    const policy = await policyOf(started.session);
    await admin.setWorkOrchProcPolicy(LOCAL, policy.poolId);
    const { workers } = await admin.pollStats(LOCAL);
    const [cpu] = await chosen(policy, 1, allowedCpus());
    assert.deepEqual(workers.map((worker) => worker.cpu), [cpu]);
    assert.ok(cpusOfThreads().includes(String(cpu)), `no thread is bound to processor ${cpu}`);
  },
});
