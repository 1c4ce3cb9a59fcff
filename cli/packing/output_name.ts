/** Where the output goes when the user does not say. Pure. */

import { type CodecName, CODECS } from "../../chimods/compressor/compressor_client.ts";
import { usageError } from "../command.ts";

/** The codecs that files are made with. */
export const FILE_CODECS = ["lz4", "zstd", "gzip"] as const satisfies readonly CodecName[];
export type FileCodec = typeof FILE_CODECS[number];

/** The codec whose file name ending this is. */
export function codecOfName(path: string): FileCodec | undefined {
  return FILE_CODECS.find((name) => path.endsWith(CODECS[name].extension));
}

/** `a.bin.lz4` for `a.bin`; standard output for standard input. */
export function packedName(input: string, codec: FileCodec): string {
  return input === "-" ? "-" : `${input}${CODECS[codec].extension}`;
}

/** `a.bin` for `a.bin.lz4`. Throws CHI-1001 for a name without such an ending. */
export function unpackedName(input: string): string {
  if (input === "-") return "-";
  const codec = codecOfName(input);
  const name = codec === undefined ? "" : input.slice(0, -CODECS[codec].extension.length);
  if (name !== "" && !name.endsWith("/")) return name;
  const endings = FILE_CODECS.map((known) => CODECS[known].extension).join(", ");
  throw usageError(
    `decompress ${input}`,
    `its name does not end in one of ${endings}, so the output has no name`,
    "say where to with -o",
  );
}
