/**
 * Peer of `task.await.process`: one 64-byte message over a unix socket to another Deno process
 * and back, awaited. This is what a doorbell costs where no memory is shared.
 *
 * The message carries a value; the answer carries it back one greater.
 */

import { join } from "node:path";
import { denoScript } from "../harness/cpus.ts";
import { ControlledProcess } from "../harness/controlled_process.ts";
import type { Block, Side } from "../harness/line.ts";
import { timeBlock } from "../harness/pairs.ts";

/** Bytes of one message. */
export const MESSAGE_BYTES = 64;

class SocketEchoSide implements Side {
  readonly #server: ControlledProcess;
  readonly #socket: Deno.UnixConn;
  readonly #folder: string;

  constructor(server: ControlledProcess, socket: Deno.UnixConn, folder: string) {
    this.#server = server;
    this.#socket = socket;
    this.#folder = folder;
  }

  run(ops: number): Promise<Block> {
    return timeBlock(ops, () => this.#callAll(ops));
  }

  async #callAll(ops: number): Promise<number> {
    const message = new Uint8Array(MESSAGE_BYTES);
    const words = new Uint32Array(message.buffer);
    let sum = 0;
    for (let op = 0; op < ops; op++) {
      words[0] = op;
      await this.#socket.write(message); // 64 bytes fit the socket's buffer whole.
      let got = 0;
      while (got < MESSAGE_BYTES) {
        const count = await this.#socket.read(message.subarray(got));
        if (count === null) throw new Error("The echo server closed the socket");
        got += count;
      }
      if (words[0] !== op + 1) throw new Error(`The peer answered ${words[0]} to ${op}`);
      sum = (sum + words[0]) >>> 0;
    }
    return sum;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#server.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Starts the echo server in a process of its own and connects to it. */
export async function socketEcho(): Promise<Side> {
  const folder = await Deno.makeTempDir({ prefix: "echo-" });
  const path = join(folder, "echo.sock");
  const script = new URL("./socket_echo_server.ts", import.meta.url);
  const server = new ControlledProcess(denoScript(script, [path]));
  await server.receive();
  const socket = await Deno.connect({ transport: "unix", path });
  return new SocketEchoSide(server, socket, folder);
}
