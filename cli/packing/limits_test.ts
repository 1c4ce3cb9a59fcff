import { Heap, Segment, SegmentKind } from "../../runtime/memory/mod.ts";
import { portRingsBytes } from "../../runtime/lane/mod.ts";
import { LIMITS } from "../../sdk/mod.ts";
import { compressBound } from "../../chimods/compressor/compressor_client.ts";
import { BLOCK_BYTES_DEFAULT, BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, sessionBytes } from "./limits.ts";
import { slotCount } from "./pack.ts";

Deno.test("compress: its session has room for the window beside the port, for any node", () => {
  for (const workers of [1, 2, 16, 51, 52, LIMITS.workersMax]) {
    for (const blockBytes of [BLOCK_BYTES_MIN, BLOCK_BYTES_DEFAULT, 3 << 20, BLOCK_BYTES_MAX]) {
      const segment = Segment.create({
        id: 16,
        kind: SegmentKind.session,
        sizeBytes: sessionBytes(workers),
        workers,
        private: true,
      });
      const heap = new Heap(segment);
      heap.alloc(LIMITS.slotsPerPort * LIMITS.slotBytes);
      heap.alloc(LIMITS.slotsPerPort * LIMITS.errorRecordBytes);
      heap.alloc(portRingsBytes(workers));
      for (let k = slotCount(blockBytes, workers); k > 0; k--) {
        heap.alloc(blockBytes);
        heap.alloc(compressBound(blockBytes));
      }
      segment.discard();
    }
  }
});
