/** Bytes of a stream as lines of text. */

/** Splits a stream of UTF-8 bytes at line feeds; a last line need not end with one. */
export class TextLineStream {
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;

  constructor() {
    const decoder = new TextDecoder();
    let rest = "";
    const transform = new TransformStream<Uint8Array<ArrayBuffer>, string>({
      transform(chunk, controller) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
    this.readable = transform.readable;
    this.writable = transform.writable;
  }
}
