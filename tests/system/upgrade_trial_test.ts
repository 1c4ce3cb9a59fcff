/**
 * What the instances of a new version do before it is decided that they serve: with the blocks that
 * they were given, and with those that they allocate. The same for a lane that moves.
 */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { test } from "../permission.ts";
import { rejectsWith } from "./kit/expect.ts";
import type { LedgerVersion } from "./kit/ledger_repo.ts";
import { answersAre, withShop } from "./kit/shop.ts";

const HERE = DomainQuery.getLocalId();

/** A ledger whose lanes each keep a block full of their sum, and see to it that it is. */
function booked(version: number, restore = "", more = ""): LedgerVersion {
  return {
    version,
    saves: false,
    top: 'type Book = ReturnType<Module["allocBlock"]>;',
    members: `
  book: Book | null = null;
  override saveState(): SavedState {
    return { v: 0, state: { sum: this.sum }, pointers: this.book === null ? [] : [this.book] };
  }
  override restoreState(saved: SavedState): void | Promise<void> {
    this.sum = (saved.state as { sum: number }).sum;
    this.book = saved.pointers[0] ?? null;
    ${restore}
  }
  override close(): void {
    this.book?.[Symbol.dispose]();
  }
  ${more}`,
    add: `
    this.book ??= this.allocBlock(4096);
    if (this.book.bytes.some((byte) => byte !== this.sum)) throw new Error("wrong bytes");
    this.book.bytes.fill(this.sum + task.amount);`,
  };
}

const WRITES = "this.book!.bytes.fill(0xee);";
const FREES = `this.book!.free();
    const own = this.allocBlock(4096);
    own.bytes.fill(0xdd);`;
const LAST_THROWS = 'if (this.lane!.index === 1) throw new Error("not me");';

for (const workers of [1, 2]) {
  for (const [name, does] of [["writes into", WRITES], ["frees", FREES]] as const) {
    test(`a refused version that ${name} its blocks leaves the old one's as they were, ${workers} workers`, async () => {
      await withShop({ workers, first: booked(1) }, async (shop) => {
        const { client, repo, upgrade } = shop;
        await client.create("books", 2);
        await client.add(0, 1);
        await client.add(1, 2);
        for (let round = 0; round < 3; round++) {
          repo.write(booked(2, `${does} ${LAST_THROWS}`));
          assert.match((await rejectsWith("CHI-4025", upgrade())).message, /not me/);
          await answersAre(shop, 1, [1, 2]);
        }
        repo.write(booked(2));
        await upgrade();
        await answersAre(shop, 2, [1, 2]);
      });
    });
  }
}

test("a version that serves has what its instances have made of their blocks", async () => {
  await withShop({ first: booked(1) }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(0, 1);
    await client.add(1, 2);
    repo.write(booked(2, "this.book!.bytes.fill(++this.sum);"));
    await upgrade();
    await answersAre(shop, 2, [2, 3]);
    const moves = `this.book!.free();
    this.book = this.allocBlock(4096);
    this.book.bytes.fill(this.sum);`;
    repo.write(booked(3, moves));
    await upgrade();
    await answersAre(shop, 3, [2, 3]);
  });
});

test("one that was given up while it restores cannot use its blocks any more", async () => {
  await withShop({ first: booked(1) }, async (shop) => {
    const { client, node, repo, upgrade } = shop;
    await client.create("books", 1);
    await client.add(0, 1);
    const late = `return new Promise((resolve, reject) =>
      setTimeout(() => {
        try {
          this.book!.bytes.fill(0xee);
          resolve();
        } catch (thrown) {
          writeFileSync("${repo.folder}/late.txt", String(thrown));
          reject(thrown);
        }
      }, 600)
    );`;
    const version = booked(2, late);
    repo.write({ ...version, top: `import { writeFileSync } from "node:fs";\n${version.top}` });
    node.upgrades.stepMs = 200;
    await rejectsWith("CHI-4025", upgrade());
    node.upgrades.stepMs = 5000;
    await client.add(0, 1);
    while (!Deno.readDirSync(repo.folder).some(({ name }) => name === "late.txt")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.match(Deno.readTextFileSync(`${repo.folder}/late.txt`), /another worker|given up/);
    await answersAre(shop, 1, [2]);
  });
});

test("a lane whose restore throws is where it was, with its blocks as they were", async () => {
  for (const does of [WRITES, FREES]) {
    const first = booked(1, `${does} throw new Error("not here");`);
    await withShop({ first }, async (shop) => {
      const { admin, client, node } = shop;
      await client.create("books", 2);
      await client.add(0, 1);
      await client.add(1, 2);
      const { lanes } = node.pools.list().find(({ id }) => id === client.poolId)!;
      for (const { group, index, worker } of lanes) {
        const moved = admin.moveLane(HERE, client.poolId, group, index, 1 - worker);
        assert.match((await rejectsWith("CHI-4018", moved)).message, /not here/);
      }
      await answersAre(shop, 1, [1, 2]);
    });
  }
});
