/** The seam between the engine and the machine. Everything else stays off these things. */

export * from "./async_store.ts";
export * from "./clock.ts";
export * from "./digest.ts";
export * from "./libc.ts";
export * from "./native_library.ts";
export * from "./random.ts";
export * from "./shared.ts";
export * from "./simulated_machine.ts";
export * from "./timers.ts";
export { errnoOf, isNobody } from "./socket_errors.ts";
export * from "./sockets.ts";
export * from "./packaging.ts";
export { errnoText } from "./syscalls.ts";
export * from "./threads.ts";
export * from "./environment.ts";
export * from "./files.ts";
export * from "./positional_file.ts";
export * from "./uring.ts";
