/**
 * The compressor pool of one run, on whatever node it reached.
 *
 * A run has a pool of its own, so that what the pool's lanes count is the run's work and nobody
 * else's. Pools that killed runs left behind are ended by the next run, and no others: a pool is one
 * of those by its module and by the whole of its name, which nobody chooses by hand.
 *
 *     .command_line-shm-7-0d8a41e2
 *                   │   │ └ random: no name comes twice
 *                   └───┴ the run's session, of which the node knows whether it lives
 *
 * Thread rules: the main isolate.
 */

import { DomainQuery, type PoolInfo, type Session } from "../../sdk/mod.ts";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client, CodecId, type CodecName } from "../../chimods/compressor/compressor_client.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { uniqueName } from "../../runtime/platform/mod.ts";
import { within } from "../deadline.ts";

const LOCAL = DomainQuery.getLocalId();
const LIB_NAME = "chimaera_compressor";
const NAME = /^\.command_line-((?:shm|socket|in-process)-\d+)-[0-9a-f]{8}$/;
const END_MS_MAX = 1000;

/** Implementations by codec. */
export type Providers = Readonly<Partial<Record<CodecName, string>>>;

/** A pool that ends with the run. */
export class RunPool implements AsyncDisposable {
  readonly name: string;
  readonly client: Client;
  readonly #admin: Admin;
  #ending: Promise<void> | null = null;

  private constructor(name: string, client: Client, admin: Admin) {
    this.name = name;
    this.client = client;
    this.#admin = admin;
  }

  /** Makes the pool, a lane per worker and at least two, and ends those that dead runs left. */
  static async open(session: Session): Promise<RunPool> {
    const admin = new Admin(session);
    await endLeftPools(admin);
    const client = new Client(session);
    const name = `.command_line-${sessionName(session)}-${uniqueName()}`;
    // Its tasks name their codec and level.
    await client.create(LOCAL, LOCAL, name, undefined, CodecId.lz4);
    return new RunPool(name, client, admin);
  }

  /** The implementation that the pool uses of each codec. */
  async providers(): Promise<Providers> {
    const report = await this.client.listCodecs(LOCAL);
    return Object.fromEntries(report.map(({ codec, provider }) => [codec, provider]));
  }

  /** Ends the pool. A node that cannot do so now has ended, or does so for the next run. */
  [Symbol.asyncDispose](): Promise<void> {
    const ended = () => this.#admin.destroyContainer(LOCAL, this.client.poolId);
    this.#ending ??= within(`end pool ${this.name}`, END_MS_MAX, ended()).catch(passOurs);
    return this.#ending;
  }
}

/** A node gives no id twice. */
function sessionName(
  { transport, id }: { readonly transport: string; readonly id: number },
): string {
  return `${transport}-${id}`;
}

/** The session of the run that made the pool; undefined when no run did. */
export function sessionOfPool({ name, libName }: Pick<PoolInfo, "name" | "libName">) {
  return libName === LIB_NAME ? NAME.exec(name)?.[1] : undefined;
}

/** A pool in a list that is older than a list of sessions without its own is nobody's. */
async function endLeftPools(admin: Admin): Promise<void> {
  const pools = await admin.listPools(LOCAL);
  const runs = pools.filter((pool) => sessionOfPool(pool) !== undefined);
  if (runs.length === 0) return;
  const living = new Set((await admin.pollStats(LOCAL)).sessions.map(sessionName));
  const left = runs.filter((pool) => !living.has(sessionOfPool(pool)!));
  // Another run may be at the same.
  await Promise.all(left.map(({ id }) => admin.destroyContainer(LOCAL, id).catch(passOurs)));
}

function passOurs(thrown: unknown): void {
  if (!(thrown instanceof ChimaeraError)) throw thrown;
}
