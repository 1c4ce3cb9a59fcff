/** A node with a disk_store pool on files of its own. */

import { DomainQuery, type Session } from "chimaera";
import { type Instance, moduleInFolder, type Node, startNode } from "chimaera/node";
import { TempFolder } from "./files.ts";
import { Client } from "./modules/store/store_client.ts";

export const HERE = DomainQuery.getLocalId();
/** The module, for nodes and for clients in other processes. */
export const STORE_MODULE = moduleInFolder(
  new URL("./modules/store/", import.meta.url),
  "disk",
);
export const FILE_BYTES = 1 << 20;
export const POOL = "store";

export interface StoreOptions {
  readonly workers: number;
  readonly lanes?: number;
  readonly instance?: Instance;
}

/** Node, session, client and files; all are gone with the scope. */
export class Store implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly node: Node;
  readonly session: Session;
  readonly client: Client;
  /** A patterned file of {@linkcode FILE_BYTES}. */
  readonly path: string;
  readonly pipe: string;

  private constructor(
    folder: TempFolder,
    node: Node,
    session: Session,
    client: Client,
    path: string,
    pipe: string,
  ) {
    this.folder = folder;
    this.node = node;
    this.session = session;
    this.client = client;
    this.path = path;
    this.pipe = pipe;
  }

  static async open(options: StoreOptions): Promise<Store> {
    const { workers, lanes = 1, instance } = options;
    const folder = new TempFolder();
    const path = folder.patterned("data", FILE_BYTES);
    const pipe = folder.pipe("pipe");
    const node = await startNode({
      workers,
      debugHeap: true,
      modules: [STORE_MODULE],
      ...instance === undefined ? {} : { instance },
    });
    const session = await node.connect();
    const client = new Client(session);
    await client.create(HERE, HERE, POOL, { path, pipe, lanes });
    return new Store(folder, node, session, client, path, pipe);
  }

  /** Lets pipe reads come back with these bytes; from another process, as a device would. */
  async writePipe(text: string): Promise<void> {
    const args = ["-c", 'printf %s "$1" > "$0"', this.pipe, text];
    await new Deno.Command("sh", { args }).output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.node.close();
    this.folder[Symbol.dispose]();
  }
}
