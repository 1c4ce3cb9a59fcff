/** lz4: providers of the block, the frame format, the streaming decoder. */

export { Lz4Decoder } from "./decoder.ts";
export { Lz4Frame } from "./frame.ts";
export { LZ4_MAGIC, lz4FrameLength, lz4RawBytes } from "./frame_header.ts";
export { LibLz4 } from "./liblz4.ts";
export type { Lz4Provider } from "./lz4_provider.ts";
export { Lz4Wasm } from "./lz4_wasm.ts";
