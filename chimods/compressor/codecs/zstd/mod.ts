/** zstd: providers, the frame format, streaming decoders. */

export { ZstdFrame } from "./frame.ts";
export { ZSTD_MAGIC, zstdFrameLength, zstdRawBytes } from "./frame_layout.ts";
export { LibZstd } from "./libzstd.ts";
export { NodeZstdDecoder } from "./node_decoder.ts";
export { NodeZstd } from "./node_zlib.ts";
export { ZstdCodecPackageProvider } from "./zstd_codec.ts";
export type { ZstdProvider } from "./zstd_provider.ts";
