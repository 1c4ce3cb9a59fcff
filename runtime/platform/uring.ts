/**
 * A ring of disk operations that the kernel carries out: io_uring, driven from here.
 *
 *   this thread ── entries, tail ──▶ submission ring ──▶ kernel
 *               ◀── results, head ── completion ring ◀──
 *
 * Besides reading, writing and syncing, an operation may be a wait for a shared word: a thread that
 * sleeps in the ring is then woken by a finished operation and by a ring of its bell alike. The
 * word is named by its shared key, so that FUTEX_WAKE of any process that maps the page finds it.
 *
 * What finishes while the thread is elsewhere does not interrupt it (cooperative mode): it is
 * posted at the thread's next system call, or when {@linkcode Uring.submit} asks for it.
 *
 * Contract: each operation has a name that its completion carries; the bytes that it names stay
 * where they are until then.
 *
 * Thread rules: one isolate, whose thread made the ring. `Uring.untilReady` may wait meanwhile.
 */

import { addressOf, closeFile } from "./libc.ts";
import { environment } from "./environment.ts";
import { load, store } from "./shared.ts";
import { LINUX } from "./syscalls.ts";
import {
  enterRing,
  mapRing,
  pollRing,
  type RingPages,
  setupRing,
  unmapRing,
} from "./uring_calls.ts";
import {
  CancelFlag,
  COMPLETION,
  MAP_OFFSET,
  Operation,
  RingFlag,
  SETUP,
  SetupFlag,
  SUBMISSION,
  SyncFlag,
  WORD_ANY_WAKER,
  WORD_SHARED_U32,
} from "./uring_layout.ts";

const TWO_32 = 4294967296;

/** Called with an operation's name and its result: a count of bytes, 0, or −errno. */
export type OnCompletion = (name: number, result: number) => void;

/** Index of the words of a ring within its pages. */
interface RingWords {
  readonly submissionTail: number;
  readonly submissionMask: number;
  readonly flags: number;
  readonly completionHead: number;
  readonly completionTail: number;
  readonly completionMask: number;
  readonly completions: number;
}

export class Uring {
  readonly #descriptor: number;
  readonly #rings: RingPages;
  readonly #entries: RingPages;
  readonly #at: RingWords;
  #unsubmitted = 0;
  #closed = false;

  private constructor(descriptor: number, rings: RingPages, entries: RingPages, at: RingWords) {
    this.#descriptor = descriptor;
    this.#rings = rings;
    this.#entries = entries;
    this.#at = at;
  }

  /** Maps the ring that the kernel set up. For {@linkcode openUring}. */
  static map(descriptor: number, parameters: Uint32Array): Uring {
    const parameter = (name: keyof typeof SETUP) => parameters[SETUP[name]]!;
    const completionsBytes = parameter("completionEntries") * COMPLETION.words * 4;
    const ringsBytes = parameter("completionEntriesAt") + completionsBytes;
    const entriesBytes = parameter("submissionEntries") * SUBMISSION.words * 4;
    const rings = mapRing(descriptor, ringsBytes, MAP_OFFSET.rings);
    const { words } = rings;
    return new Uring(
      descriptor,
      rings,
      mapRing(descriptor, entriesBytes, MAP_OFFSET.submissions),
      {
        submissionTail: parameter("submissionTail") >>> 2,
        submissionMask: words[parameter("submissionMask") >>> 2]!,
        flags: parameter("submissionFlags") >>> 2,
        completionHead: parameter("completionHead") >>> 2,
        completionTail: parameter("completionTail") >>> 2,
        completionMask: words[parameter("completionMask") >>> 2]!,
        completions: parameter("completionEntriesAt") >>> 2,
      },
    );
  }

  /** Operations that the submission ring has room for now. */
  get room(): number {
    return this.#at.submissionMask + 1 - this.#unsubmitted;
  }

  // ---- operations ------------------------------------------------------------------------------

  /** Reads into `sizeBytes` from `address` on. Fewer bytes may come, as with any read. */
  read(
    name: number,
    descriptor: number,
    address: number,
    sizeBytes: number,
    offsetBytes: number,
  ): void {
    this.#place(this.#next(Operation.read, name, descriptor), address, sizeBytes, offsetBytes);
  }

  /** Writes `sizeBytes` from `address` on. Fewer may be written, as with any write. */
  write(
    name: number,
    descriptor: number,
    address: number,
    sizeBytes: number,
    offsetBytes: number,
  ): void {
    this.#place(this.#next(Operation.write, name, descriptor), address, sizeBytes, offsetBytes);
  }

  /** Makes what was written durable; with `dataOnly` not the times and the like. */
  sync(name: number, descriptor: number, dataOnly: boolean): void {
    const at = this.#next(Operation.sync, name, descriptor);
    if (dataOnly) this.#entries.words[at + SUBMISSION.flags] = SyncFlag.dataOnly;
  }

  /**
   * Completes when the 32-bit word at `address` is woken, or at once (−EAGAIN) when it does not
   * hold `expected`.
   */
  waitForWord(name: number, address: number, expected: number): void {
    const at = this.#next(Operation.waitForWord, name, WORD_SHARED_U32);
    this.#place(at, address, 0, expected >>> 0);
    this.#entries.words[at + SUBMISSION.mask] = WORD_ANY_WAKER;
  }

  /**
   * Takes back every operation that has not begun at the device. Each completes all the same, most
   * with −ECANCELED; the cancellation completes with their number.
   */
  cancelAll(name: number): void {
    const at = this.#next(Operation.cancel, name, -1);
    this.#entries.words[at + SUBMISSION.flags] = CancelFlag.all | CancelFlag.any;
  }

  /**
   * The first word of a new entry, cleared and named. The caller fills in the rest: the kernel
   * looks at entries only when it is entered.
   */
  #next(operation: number, name: number, descriptor: number): number {
    // The owner counts its operations, and opens the ring with room for all of them.
    if (this.room === 0) throw new RangeError("the submission ring is full");
    const { submissionTail, submissionMask } = this.#at;
    const tail = load(this.#rings.words, submissionTail);
    const words = this.#entries.words;
    const at = (tail & submissionMask) * SUBMISSION.words;
    words.fill(0, at, at + SUBMISSION.words);
    words[at + SUBMISSION.operation] = operation;
    words[at + SUBMISSION.descriptor] = descriptor;
    words[at + SUBMISSION.name] = name;
    store(this.#rings.words, submissionTail, (tail + 1) | 0);
    this.#unsubmitted++;
    return at;
  }

  /** Where the bytes are; a store into a 32-bit word keeps the low half of a number. */
  #place(at: number, address: number, sizeBytes: number, offset: number): void {
    const words = this.#entries.words;
    words[at + SUBMISSION.offset] = offset;
    words[at + SUBMISSION.offset + 1] = Math.floor(offset / TWO_32);
    words[at + SUBMISSION.address] = address;
    words[at + SUBMISSION.address + 1] = Math.floor(address / TWO_32);
    words[at + SUBMISSION.count] = sizeBytes;
  }

  // ---- the kernel ------------------------------------------------------------------------------

  /** Whether a completion can be taken, or would be there after {@linkcode submit}. */
  get ready(): boolean {
    const { completionHead, completionTail } = this.#at;
    const words = this.#rings.words;
    return load(words, completionTail) !== words[completionHead] || this.#workWaits;
  }

  get #workWaits(): boolean {
    const flags = load(this.#rings.words, this.#at.flags);
    return (flags & (RingFlag.workWaits | RingFlag.completionsOverflowed)) !== 0;
  }

  /** Hands over what was pushed, and lets finished work be posted. Does not wait. */
  submit(): void {
    if (this.#unsubmitted === 0 && !this.#workWaits) return;
    this.#enter(0, 0);
  }

  /**
   * Hands over what was pushed and blocks the thread until something is complete or time is up.
   *
   * @param timeoutMs Longest wait; `Infinity` for none.
   */
  wait(timeoutMs: number): void {
    this.#enter(1, timeoutMs);
  }

  #enter(wanted: number, timeoutMs: number): void {
    // Its number may be another file's by now.
    if (this.#closed) throw new RangeError("the ring is closed");
    this.#unsubmitted -= enterRing(this.#descriptor, this.#unsubmitted, wanted, timeoutMs);
  }

  /**
   * Resolves when something is complete or time is up, while the event loop goes on. Costs a thread
   * of the runtime's pool meanwhile.
   */
  untilReady(timeoutMs: number): Promise<void> {
    return pollRing(this.#descriptor, timeoutMs);
  }

  /** Takes every completion that is there. Returns how many. */
  reap(onCompletion: OnCompletion): number {
    const words = this.#rings.words;
    const { completionHead, completionTail, completionMask, completions } = this.#at;
    let head = words[completionHead]!;
    const tail = load(words, completionTail);
    let taken = 0;
    while (head !== tail) {
      const at = completions + (head & completionMask) * COMPLETION.words;
      const name = words[at + COMPLETION.name]!;
      const result = words[at + COMPLETION.result]!;
      head = (head + 1) | 0;
      // Given back before the call, which may throw or push.
      store(words, completionHead, head);
      onCompletion(name, result);
      taken++;
    }
    return taken;
  }

  /**
   * Ends the ring; a call that comes later throws. Operations under way should be over: the kernel
   * may still carry them out.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFile(this.#descriptor);
    unmapRing(this.#entries);
    unmapRing(this.#rings);
  }
}

/**
 * Opens a ring for the calling thread; null where the kernel cannot wait for words in one (before
 * Linux 6.7), where a sandbox forbids it or FFI is denied, and with CHIMAERA_IO_URING=0.
 *
 * @param entries Operations that are handed over at once, at most.
 *
 * @example
 * ```ts ignore
 * const ring = openUring(64);
 * ring?.read(1, descriptor, address, 4096, 0);
 * ring?.wait(Infinity);
 * ring?.reap((name, result) => console.log(name, result));
 * ```
 */
export function openUring(entries: number): Uring | null {
  if (environment("CHIMAERA_IO_URING") === "0") return null;
  const parameters = new Uint32Array(SETUP.words);
  parameters[SETUP.flags] = SetupFlag.submitAll | SetupFlag.cooperative | SetupFlag.tellWork |
    SetupFlag.singleIssuer | SetupFlag.noIndexTable;
  const descriptor = setupRing(entries, parameters);
  if (descriptor < 0) return null;
  let ring: Uring;
  try {
    ring = Uring.map(descriptor, parameters);
  } catch (error) {
    closeFile(descriptor);
    throw error;
  }
  if (waitsForWords(ring)) return ring;
  ring.close();
  return null;
}

/** A kernel that knows the operation says that the word differs; another one refuses it. */
function waitsForWords(ring: Uring): boolean {
  const word = new Int32Array(1);
  ring.waitForWord(0, addressOf(new Uint8Array(word.buffer)), 1);
  ring.wait(Infinity);
  let answer = 0;
  ring.reap((_, result) => answer = result);
  return answer === -LINUX.errnoAgain;
}
