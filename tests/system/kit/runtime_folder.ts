/** A runtime directory of a test's own, short enough for the names of sockets in it. */

export class RuntimeFolder {
  readonly path: string;
  /** What a program must have in its environment to find nodes there. */
  readonly env: Readonly<Record<string, string>>;
  readonly #before: string | undefined;

  /** Makes the folder; programs of this process find nodes there too. */
  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "chi" });
    this.env = { CHIMAERA_RUNTIME_DIR: this.path, CHIMAERA_DEBUG_HEAP: "1" };
    this.#before = Deno.env.get("CHIMAERA_RUNTIME_DIR");
    Deno.env.set("CHIMAERA_RUNTIME_DIR", this.path);
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) Deno.env.delete("CHIMAERA_RUNTIME_DIR");
    else Deno.env.set("CHIMAERA_RUNTIME_DIR", this.#before);
    Deno.removeSync(this.path, { recursive: true });
  }
}
