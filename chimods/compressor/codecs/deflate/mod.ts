/** The deflate family: providers of raw deflate, gzip members, zlib streams, their decoders. */

export { Fflate } from "./fflate.ts";
export { GZIP_MAGIC, GzipFrame, gzipFrameLength, gzipRawBytes } from "./gzip_frame.ts";
export { LibDeflate } from "./libdeflate.ts";
export { LibZ } from "./libz.ts";
export { NodeInflateDecoder } from "./node_decoder.ts";
export { NodeDeflate } from "./node_zlib.ts";
export { ZlibFrame, zlibFrameLength } from "./zlib_frame.ts";
