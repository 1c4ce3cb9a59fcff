/** `chimaera decompress`: a file of frames, on the lanes of a compressor pool. */

import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand } from "./command.ts";
import {
  type FileOptions,
  type FileOutcome,
  type FileWork,
  runFileJob,
} from "./packing/file_job.ts";
import { fileArguments } from "./packing/file_arguments.ts";
import { FrameReader } from "./packing/frame_reader.ts";
import { unpackedName } from "./packing/output_name.ts";
import { unpack } from "./packing/unpack.ts";

export const decompress: CliCommand<FileOptions> = {
  define: (command) => void fileArguments(command, "the file to decompress: lz4, zstd or gzip"),
  example: "decompress big.tar.zst -o - | tar t",

  async run([input], options) {
    return await runFileJob({
      verb: "decompress",
      input: input!,
      output: options.output ?? await outputName(input!),
      options,
      work: decompressFile,
    });
  },
};

/** What cannot be decompressed whatever its name is said to be so. Throws CHI-1001 for the rest. */
async function outputName(input: string): Promise<string> {
  try {
    return unpackedName(input);
  } catch (thrown) {
    const what = `decompress ${input}`;
    const info = await Deno.stat(input).catch(() => null); // Then its name is all that is known.
    if (info?.isDirectory) {
      const hint = "name a file in it; a packed folder is one too";
      throw new ChimaeraError("fileIsDirectory", { what, why: "it is a folder", hint });
    }
    if (info?.isFile && info.size === 0) {
      throw new ChimaeraError("codecCorrupt", { what, why: "it is empty" });
    }
    throw thrown;
  }
}

async function decompressFile(
  { session, client, lanes, providers, source, sink, progress }: FileWork,
): Promise<FileOutcome> {
  const reader = new FrameReader(source);
  const onProgress = () => progress.show(source.bytesRead);
  const { frames, streamProvider } = await unpack({
    session,
    client,
    reader,
    sink,
    lanes,
    onProgress,
  });
  const codec = reader.codec!.name;
  return {
    codec,
    provider: streamProvider ?? providers[codec]!,
    rawBytes: sink.bytesWritten,
    packedBytes: source.bytesRead,
    details: { frames, streamed: streamProvider !== null },
  };
}
