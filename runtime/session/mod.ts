/** Clients' sessions, on both sides. Knows lanes. */

export * from "./block.ts";
export * from "./connect.ts";
export type { Held, HeldBlock } from "./held.ts";
export * from "./instance.ts";
export * from "./local_link.ts";
export * from "./node_sessions.ts";
export * from "./port.ts";
export * from "./port_host.ts";
export * from "./port_routes.ts";
export * from "./port_sleeper.ts";
export * from "./session.ts";
export * from "./session_directory.ts";
export * from "./session_server.ts";
export * from "./session_size.ts";
export * from "./wire_session.ts";
