/**
 * A project on Node that calls the modules of a repo from outside: two packages in its own folder,
 * which its `package.json` names, and links to them where Node looks.
 *
 *   chimaera_modules/chimaera/      the SDK: the client's half, over the node's socket
 *   chimaera_modules/example/       clients and tasks of the repo, lowered, with declarations
 *   package.json                    "chimaera": "file:./chimaera_modules/chimaera", …
 *   node_modules/chimaera           link to it, as `npm install` makes it too
 *
 * Nothing is fetched: the program runs at once, and `npm install` or `npm ci` keeps it so.
 *
 * Thread rules: plain functions; files are written last, after everything was read and judged.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import {
  kindOf,
  linkTarget,
  listFolder,
  makeFolder,
  makeLink,
  realPath,
  removeAll,
  renamePath,
  uniqueName,
  writeText,
} from "../../runtime/platform/mod.ts";
import type { ModuleRepo } from "../../runtime/repo/mod.ts";
import { type ClientFiles, clientFiles } from "./client_files.ts";
import { editMap, type JsonFile, readJsonFile, readMap } from "./json_file.ts";
import { type LinkRequest, placesOf } from "./link_app.ts";
import { lowerClients } from "./lower_client.ts";
import { type NodeSdk, readNodeSdk } from "./node_sdk.ts";

const FOLDER = "chimaera_modules";
const SDK = "chimaera";
const NEW_PROJECT = '{\n  "private": true,\n  "type": "module"\n}\n';

/** What was done to a project. */
export interface NodeLinkReport {
  /** The project's folder, absolute and without links. */
  readonly app: string;
  readonly repo: string;
  readonly namespace: string;
  /** The project's `package.json`. */
  readonly config: string;
  /** Whether that was another one before. */
  readonly changed: boolean;
  /** Names that the project can import from the repo. */
  readonly names: readonly string[];
  /** Folders that were written anew. */
  readonly packages: readonly string[];
  /** Whether something in `node_modules` is in the way of the links: `npm install` puts it right. */
  readonly needsInstall: boolean;
}

/**
 * Links a project on Node to a repo, or brings the link up to date. Throws CHI-1101 without a
 * project's folder, CHI-1301 without a repo, CHI-1302 for a `package.json` that cannot be read,
 * CHI-4021 for a client that needs what there is not on Node, CHI-4022 when the project has another
 * package of the namespace's name.
 *
 * @param sdk The one that this program carries, when absent.
 */
export async function linkNode(
  request: LinkRequest,
  sdk: NodeSdk = readNodeSdk(),
): Promise<NodeLinkReport> {
  const { app, repo } = placesOf(request);
  const config = packageFile(app);
  const isCore = repo.namespace === SDK;
  const wanted = Object.fromEntries(
    [SDK, ...isCore ? [] : [repo.namespace]].map((name) => [name, `file:./${FOLDER}/${name}`]),
  );
  checkFree(config, wanted);
  const clients = isCore ? [] : await clientsOf(repo);
  const own = await lowerClients(clients, repo.namespace, sdk);
  const packages = [writePackage(app, SDK, sdk.files)];
  if (!isCore) {
    const version = JSON.parse(sdk.files["package.json"]!).version;
    own["package.json"] = manifestOf(repo, clients, version);
    packages.push(writePackage(app, repo.namespace, own));
  }
  const text = editMap(config, "dependencies", { set: wanted, drop: [] });
  const changed = text !== config.text || kindOf(config.path) === null;
  if (changed) writeText(config.path, text);
  const linked = Object.keys(wanted).map((name) => linkPackage(app, name));
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed,
    names: clients.flatMap(({ doors }) =>
      doors.map((door) => `${repo.namespace}/${door.slice(0, -3)}`)
    ),
    packages,
    needsInstall: linked.includes(false),
  };
}

/** What was taken out of a project. */
export interface NodeUnlinkReport {
  readonly app: string;
  readonly repo: string;
  readonly namespace: string;
  readonly config: string;
  /** Whether `package.json` was another one before. */
  readonly changed: boolean;
  /** Packages that the project no longer has. */
  readonly removed: readonly string[];
}

/**
 * Takes a repo's package out of a project on Node, and the SDK's when no other repo's needs it: what
 * `linkNode` wrote, and nothing else. Throws CHI-1101, CHI-1301, CHI-1302 as that does.
 */
export function unlinkNode(request: LinkRequest): NodeUnlinkReport {
  const { app, repo } = placesOf(request);
  const config = packageFile(app);
  const present = readMap(config, "dependencies");
  const ours = (name: string) =>
    name in present && samePlace(present[name]!, `file:./${FOLDER}/${name}`);
  const isUsed = Object.keys(present).some((name) =>
    name !== SDK && name !== repo.namespace && ours(name)
  );
  const names = [...new Set([repo.namespace, SDK])].filter((name) => !(name === SDK && isUsed));
  const drop = names.filter(ours);
  if (drop.length > 0) writeText(config.path, editMap(config, "dependencies", { set: {}, drop }));
  const removed = names.filter((name) => removePackage(app, name) || drop.includes(name));
  if (removed.length > 0) [FOLDER, "node_modules"].forEach((name) => removeEmpty(`${app}/${name}`));
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed: drop.length > 0,
    removed,
  };
}

/** Removes a package's folder and the link to it; whether there was one. */
function removePackage(app: string, name: string): boolean {
  const link = `${app}/node_modules/${name}`;
  const isLinked = linkTarget(link) === `../${FOLDER}/${name}`;
  if (isLinked) removeAll(link);
  const folder = `${app}/${FOLDER}/${name}`;
  const isThere = kindOf(`${folder}/package.json`) === "file";
  if (isThere) removeAll(folder);
  return isLinked || isThere;
}

function removeEmpty(folder: string): void {
  if (kindOf(folder) === "folder" && listFolder(folder).length === 0) removeAll(folder);
}

function packageFile(app: string): JsonFile {
  const path = realPath(`${app}/package.json`);
  if (path === null) return { path: `${app}/package.json`, text: NEW_PROJECT };
  return readJsonFile(path, NEW_PROJECT);
}

/** Throws CHI-4022 when a package of the name comes from elsewhere. */
function checkFree(config: JsonFile, wanted: Readonly<Record<string, string>>): void {
  for (const section of ["dependencies", "devDependencies"]) {
    const present = readMap(config, section);
    for (const [name, place] of Object.entries(wanted)) {
      const found = present[name];
      if (found === undefined || samePlace(found, place)) continue;
      throw new ChimaeraError("moduleConflict", {
        what: `link ${name}`,
        why: `${config.path} has another package of that name in ${section}: ${found}`,
        hint: "take it out there, or give the repo another namespace and refresh it",
      });
    }
  }
}

/** npm writes `file:chimaera_modules/…`. */
function samePlace(found: string, place: string): boolean {
  return found.replace(/^file:(\.\/)?/, "file:./") === place;
}

async function clientsOf(repo: ModuleRepo): Promise<ClientFiles[]> {
  const clients: ClientFiles[] = [];
  for (const module of repo.modules) clients.push(await clientFiles(module, repo.namespace));
  return clients;
}

function manifestOf(
  repo: ModuleRepo,
  clients: readonly ClientFiles[],
  version: string,
): string {
  const doors = clients.flatMap(({ module, doors }) =>
    doors.map((door) => {
      const file = `./${module.name}/${door.slice(0, -3)}`;
      return [`./${door.slice(0, -3)}`, { types: `${file}.d.ts`, default: `${file}.js` }];
    })
  );
  const manifest = {
    name: repo.namespace,
    version,
    private: true,
    description: "Clients of a module repo, on Node. Written by `chimaera repo link --node`.",
    type: "module",
    peerDependencies: { [SDK]: "*" },
    exports: Object.fromEntries(doors),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Writes a package's folder anew, whole or not at all. Returns its path. */
function writePackage(app: string, name: string, files: Readonly<Record<string, string>>): string {
  const folder = `${app}/${FOLDER}/${name}`;
  const beside = `${app}/${FOLDER}/.${uniqueName()}`;
  try {
    for (const [path, text] of Object.entries(files)) {
      makeFolder(`${beside}/${path}`.replace(/\/[^/]*$/, ""));
      writeText(`${beside}/${path}`, text);
    }
    removeAll(folder);
    renamePath(beside, folder);
  } finally {
    removeAll(beside);
  }
  return folder;
}

/** Links a package into `node_modules`; false when something else has its place there. */
function linkPackage(app: string, name: string): boolean {
  const path = `${app}/node_modules/${name}`;
  const target = `../${FOLDER}/${name}`;
  const found = linkTarget(path);
  if (found === target) return true;
  if (found === null && kindOf(path) !== null) return false;
  if (found !== null) removeAll(path);
  makeFolder(`${app}/node_modules`);
  makeLink(path, target);
  return true;
}
