/** `chimaera decompress`: a file of frames, on the lanes of a compressor pool. */

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

  run([input], options) {
    return runFileJob({
      verb: "decompress",
      input: input!,
      output: options.output ?? unpackedName(input!),
      options,
      work: decompressFile,
    });
  },
};

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
