/**
 * Programs of the system that tests compare with or compile by: found, or installed where Debian's
 * package manager may be used.
 */

/** A program or a shared library, and the Debian packages that bring it. */
interface Requirement {
  readonly program: string;
  readonly packages: readonly string[];
}

const REQUIREMENTS: readonly Requirement[] = [
  { program: "lz4", packages: ["lz4"] },
  { program: "zstd", packages: ["zstd"] },
  { program: "gzip", packages: ["gzip"] },
  { program: "script", packages: ["bsdutils"] },
  { program: "setpriv", packages: ["util-linux"] },
  // What `repo link --node` writes is run by it.
  { program: "node", packages: ["nodejs"] },
  { program: "npm", packages: ["npm"] },
  { program: "gcc", packages: ["gcc", "libc6-dev"] },
  { program: "liblz4.so.1", packages: ["liblz4-1"] },
  { program: "libzstd.so.1", packages: ["libzstd1"] },
  { program: "libz.so.1", packages: ["zlib1g"] },
  { program: "libdeflate.so.0", packages: ["libdeflate0"] },
];

/** Where Debian puts shared libraries. */
const LIBRARY_FOLDERS: readonly string[] = [
  `/usr/lib/${Deno.build.arch}-linux-gnu`,
  `/lib/${Deno.build.arch}-linux-gnu`,
  "/usr/lib",
  "/usr/local/lib",
];

/** Installs what is missing; returns the programs that are missing still. */
export async function provideRequirements(): Promise<string[]> {
  const missing = REQUIREMENTS.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return [];
  console.log(`installing ${missing.map(({ program }) => program).join(", ")}`);
  // A failed update (one source of several is away) may leave lists that are good enough.
  await aptGet(["update"]);
  await aptGet(["install", "-y", ...missing.flatMap((requirement) => requirement.packages)]);
  return missing.map(({ program }) => program).filter((program) => !isInstalled(program));
}

function isInstalled(program: string): boolean {
  const folders = program.includes(".so.")
    ? LIBRARY_FOLDERS
    : (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => isFile(`${folder}/${program}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Absent, or a folder of PATH that may not be looked into: not found either way.
  }
}

/** Runs `apt-get` as root where that is possible; the caller looks at what came of it. */
async function aptGet(args: readonly string[]): Promise<void> {
  const isRoot = Deno.uid() === 0;
  if (!isInstalled("apt-get") || !(isRoot || isInstalled("sudo"))) return;
  const command = ["apt-get", "-q", ...args];
  const [program = "", ...rest] = isRoot ? command : ["sudo", "-n", ...command];
  const child = new Deno.Command(program, {
    args: rest,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  });
  await child.output();
}
