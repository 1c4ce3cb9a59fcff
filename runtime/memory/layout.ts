/**
 * Where things stand in a segment. Offsets in bytes, words of 32 bits, little endian.
 *
 *   0        header, 64 bytes
 *   4 KiB    port table, 16 entries of 64 bytes
 *   16 KiB   heap state, 512 bytes
 *   64 KiB   scratch of the workers' codecs
 *   1 MiB    heap: page table, then blocks
 *
 *   header word   0 magic   1 version   2 features   3 page size   4 segment id   5 kind
 *                 6 size in 64 KiB units   7 workers   8 task slots per port   9 slot bytes
 *
 *   port word     0 state (0 closed, 1 open)   1 bell line   2 offset of the task slots
 *                 3 offset of the error records   4 offset of the rings
 *
 * The client notes its ports in the table, for whoever looks into a segment later: the node takes
 * the same numbers from the control socket, checks them once, and never reads them here.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** "CHIM" in little endian. */
export const SEGMENT_MAGIC = 0x4d494843;
/** Version of every byte layout in this folder; a segment of another version is refused. */
export const LAYOUT_VERSION = 1;

/** What a segment is for. */
export const SegmentKind = { node: 1, session: 2, bell: 3 } as const;
/** One of the numbers of {@linkcode SegmentKind}. */
export type SegmentKind = typeof SegmentKind[keyof typeof SegmentKind];

export const HEADER = {
  magic: 0,
  version: 1,
  features: 2,
  pageBytes: 3,
  segmentId: 4,
  kind: 5,
  sizeUnits: 6,
  workers: 7,
  slotsPerPort: 8,
  slotBytes: 9,
} as const;

export const PORT_TABLE_OFFSET = 4096;
export const PORT_ENTRY_BYTES = 64;
export const PORT = { state: 0, bellLine: 1, slots: 2, errors: 3, rings: 4 } as const;

export const HEAP_STATE_OFFSET = 16384;
export const SCRATCH_OFFSET = 65536;
export const HEAP_OFFSET = LIMITS.segmentReservedBytes;
export const PAGE_BYTES = 4096;
export const LINE_BYTES = 64;
/** Bell segment: one 64-byte line per sleeper, after one reserved for the header. */
export const BELL_BYTES = 1 << 20;
export const BELL_LINES = BELL_BYTES / LINE_BYTES;

/** What a new segment's header says. */
export interface HeaderFields {
  readonly segmentId: number;
  readonly kind: SegmentKind;
  readonly sizeBytes: number;
  readonly workers: number;
}

export function writeHeader(words: Int32Array, fields: HeaderFields): void {
  words[HEADER.version] = LAYOUT_VERSION;
  words[HEADER.features] = 0;
  words[HEADER.pageBytes] = PAGE_BYTES;
  words[HEADER.segmentId] = fields.segmentId;
  words[HEADER.kind] = fields.kind;
  words[HEADER.sizeUnits] = fields.sizeBytes / 65536;
  words[HEADER.workers] = fields.workers;
  words[HEADER.slotsPerPort] = LIMITS.slotsPerPort;
  words[HEADER.slotBytes] = LIMITS.slotBytes;
  words[HEADER.magic] = SEGMENT_MAGIC;
}

/** Where a port's parts lie in its session's segment. */
export interface PortPlaces {
  /** Number of the port in its session, from 0. */
  readonly index: number;
  /** Its line of the bell segment. */
  readonly bellLine: number;
  /** Byte offset of its task slots. */
  readonly slotsOffset: number;
  /** Byte offset of the records in which errors come back, one for each slot. */
  readonly errorsOffset: number;
  /** Byte offset of its rings, a pair for each worker. */
  readonly ringsOffset: number;
}

/** Notes an open port in the segment's port table. */
export function notePort(words: Int32Array, places: PortPlaces): void {
  const at = (PORT_TABLE_OFFSET + places.index * PORT_ENTRY_BYTES) / 4;
  words[at + PORT.bellLine] = places.bellLine;
  words[at + PORT.slots] = places.slotsOffset;
  words[at + PORT.errors] = places.errorsOffset;
  words[at + PORT.rings] = places.ringsOffset;
  words[at + PORT.state] = 1;
}

/** Throws CHI-2006 unless the words are the header of a segment of this version, kind and size. */
export function checkHeader(
  words: Int32Array,
  kind: SegmentKind,
  sizeBytes: number,
  what: string,
): void {
  const refuse = (why: string): never => {
    throw new ChimaeraError("badSegment", { what, why });
  };
  if (words[HEADER.magic] !== SEGMENT_MAGIC) refuse("the first word is not the magic number");
  if (words[HEADER.version] !== LAYOUT_VERSION) {
    refuse(`layout version ${words[HEADER.version]}, this program has ${LAYOUT_VERSION}`);
  }
  if (words[HEADER.kind] !== kind) refuse(`kind ${words[HEADER.kind]}, expected ${kind}`);
  if (words[HEADER.sizeUnits] !== sizeBytes / 65536) {
    refuse(`${sizeBytes} bytes, its header says ${words[HEADER.sizeUnits]! * 65536}`);
  }
}
