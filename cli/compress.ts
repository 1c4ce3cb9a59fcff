/** `chimaera compress`: a file, block by block, on the lanes of a compressor pool. */

import { Option } from "commander";
import { CODECS } from "../chimods/compressor/compressor_client.ts";
import { type CliCommand, usageError, wholeNumber } from "./command.ts";
import { fileArguments } from "./packing/file_arguments.ts";
import {
  type FileOptions,
  type FileOutcome,
  type FileWork,
  runFileJob,
} from "./packing/file_job.ts";
import { BLOCK_BYTES_DEFAULT, BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from "./packing/limits.ts";
import { codecOfName, FILE_CODECS, type FileCodec, packedName } from "./packing/output_name.ts";
import { pack } from "./packing/pack.ts";
import { formatSize, parseSize } from "./quantity.ts";

interface CompressCommandOptions extends FileOptions {
  readonly codec?: FileCodec;
  readonly level?: number;
  readonly blockSize: number;
}

const LEVELS = FILE_CODECS.map((name) => {
  const { levelMin, levelMax, levelDefault } = CODECS[name];
  return `${name} ${levelMin} to ${levelMax} (${levelDefault})`;
}).join(", ");

export const compress: CliCommand<CompressCommandOptions> = {
  define: (command) => {
    fileArguments(command, "the file to compress")
      .addOption(
        new Option("--codec <codec>", "by the output's ending when absent, else lz4")
          .choices(FILE_CODECS),
      )
      .option("--level <n>", `a level of the codec: ${LEVELS}`, wholeNumber("--level", 1, 99))
      .addOption(
        new Option("--block-size <size>", "uncompressed bytes of a task")
          .argParser(parseSize("--block-size", BLOCK_BYTES_MIN, BLOCK_BYTES_MAX))
          .default(BLOCK_BYTES_DEFAULT, formatSize(BLOCK_BYTES_DEFAULT)),
      );
  },
  example: "compress big.tar -o big.tar.zst --codec zstd --level 9",

  run([input], options) {
    const named = codecOfName(options.output ?? "");
    const codec = options.codec ?? named ?? "lz4";
    const level = levelOf(codec, options.level);
    const output = options.output ?? packedName(input!, codec);
    if (output === "-" && Deno.stdout.isTerminal() && options.force !== true) {
      throw usageError(
        `compress ${input}`,
        "standard output is a terminal, which is no place for compressed data",
        "name a file with -o, or pass --force",
      );
    }
    if (named !== undefined && named !== codec) {
      console.error(`warning: ${output} will hold ${codec}, though its name says ${named}`);
    }
    return runFileJob({
      verb: "compress",
      input: input!,
      output,
      options,
      work: (parts) => compressFile(parts, codec, level, options.blockSize),
    });
  },
};

function levelOf(codec: FileCodec, level: number | undefined): number {
  if (level === undefined) return 0;
  const { levelMin, levelMax } = CODECS[codec];
  if (level >= levelMin && level <= levelMax) return level;
  throw usageError("--level", `${codec} has levels ${levelMin} to ${levelMax}, and no ${level}`);
}

async function compressFile(
  { session, client, lanes, providers, source, sink, progress }: FileWork,
  codecName: FileCodec,
  level: number,
  blockBytes: number,
): Promise<FileOutcome> {
  const codec = CODECS[codecName];
  const blocks = await pack({
    session,
    client,
    source,
    sink,
    codec,
    level,
    blockBytes,
    lanes,
    onProgress: (bytesRead) => progress.show(bytesRead),
  });
  return {
    codec: codecName,
    provider: providers[codecName]!,
    rawBytes: source.bytesRead,
    packedBytes: sink.bytesWritten,
    details: { level: level || codec.levelDefault, blockSize: blockBytes, blocks },
  };
}
