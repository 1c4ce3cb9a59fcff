/** The answering side of {@link ./socket_echo.ts}. Argument: the socket's path. */

import { MESSAGE_BYTES } from "./socket_echo.ts";

async function answer(socket: Deno.Conn): Promise<void> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const words = new Uint32Array(message.buffer);
  for (let got = 0;;) {
    const count = await socket.read(message.subarray(got));
    if (count === null) return;
    got += count;
    if (got < MESSAGE_BYTES) continue;
    got = 0;
    words[0] = words[0]! + 1;
    await socket.write(message);
  }
}

if (import.meta.main) {
  const [path = ""] = Deno.args;
  const listener = Deno.listen({ transport: "unix", path });
  console.log("ready");
  await answer(await listener.accept());
  Deno.exit(0);
}
