/** Load models of the compressor module. */

import { Method } from "./compressor_methods.ts";

/** Expected processor time of a method, in microseconds, by method number: 1 MiB of text by lz4. */
export const expectedCpuUs: Readonly<Record<number, number>> = {
  [Method.kCompress]: 1700,
  [Method.kDecompress]: 250,
  [Method.kPushStream]: 250,
};
