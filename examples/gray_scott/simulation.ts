/**
 * The demo's data source: a Gray–Scott field that grows from a handful of drops, frame by frame.
 *
 * A frame is the V field after another `stepsPerFrame` time steps, 1024 × 1024 float32 = 4 MiB by
 * default. Every cell of every step is computed when the frame is asked for; nothing is stored,
 * interpolated or computed on a smaller grid.
 *
 * The last step of a frame stores V straight into memory of the caller, which may be a block of
 * the runtime's shared heap: the frame is born where the compressor will read it.
 *
 *     step 1            2 … n−1                      n
 *     previous frame ─▶ own buffers, alternating ─▶ `into`     (U stays in own buffers throughout)
 *
 * Thread rules: one thread per simulation.
 */

import { scatterDrops } from "./drops.ts";
import { type Fields, type Reaction, step } from "./kernel.ts";

/** What may be chosen; everything has a default. */
export interface GrayScottOptions {
  /** Cells along each side; at least 32. Default 1024. */
  readonly sizeCells?: number;
  /** Start of the generator that scatters the drops; any 32-bit number. Default 1993. */
  readonly seed?: number;
  /** Time steps from one frame to the next; at least 2. Default 40. */
  readonly stepsPerFrame?: number;
  /** Constants of the equations; {@linkcode RINGS_AND_NETS} by default. */
  readonly reaction?: Reaction;
}

/**
 * Drops swell into rings around rings, which break up into a net where they meet.
 *
 * The diffusion rates are Pearson's, 2·10⁻⁵ and 10⁻⁵, on cells 0.01 wide with a time step of 1.
 * Feed and kill were chosen by eye.
 */
export const RINGS_AND_NETS: Reaction = {
  diffusionU: 0.2,
  diffusionV: 0.1,
  feed: 0.042,
  kill: 0.059,
};

/**
 * A running simulation.
 *
 * @example
 * ```ts
 * import { GrayScott } from "./simulation.ts";
 * const simulation = new GrayScott({ sizeCells: 64, seed: 7 });
 * const frame = new Float32Array(64 * 64);
 * simulation.advance(frame);
 * console.assert(simulation.frameCount === 1);
 * ```
 */
export class GrayScott {
  /** Cells along each side. */
  readonly sizeCells: number;
  /** Time steps from one frame to the next. */
  readonly stepsPerFrame: number;
  /** Bytes of one frame. */
  readonly frameBytes: number;

  readonly #reaction: Reaction;
  /** The two states between which steps alternate. */
  readonly #states: readonly [Fields, Fields];
  /** Which of `#states` holds the current U. */
  #current: 0 | 1 = 0;
  /** The current V: the caller's last frame, or at the start a buffer of `#states`. */
  #v: Float32Array;
  #frameCount = 0;

  /** @throws {RangeError} For a grid below 32 cells, or fewer than 2 steps a frame. */
  constructor(options: GrayScottOptions = {}) {
    this.sizeCells = requireInteger("sizeCells", options.sizeCells ?? 1024, 32, 16384);
    this.stepsPerFrame = requireInteger("stepsPerFrame", options.stepsPerFrame ?? 40, 2, 1 << 20);
    this.frameBytes = this.sizeCells ** 2 * Float32Array.BYTES_PER_ELEMENT;
    this.#reaction = options.reaction ?? RINGS_AND_NETS;
    this.#states = [emptyFields(this.sizeCells), emptyFields(this.sizeCells)];
    this.#v = this.#states[0].v;
    scatterDrops(this.sizeCells, this.#states[0], options.seed ?? 1993);
  }

  /** Frames computed so far. */
  get frameCount(): number {
    return this.#frameCount;
  }

  /**
   * Computes the next frame and stores it in `into`.
   *
   * The simulation goes on from there: leave `into` unchanged until the next call has returned.
   * Reading it meanwhile is fine, and the next call may be given the same view or another one.
   *
   * @param into `sizeCells²` values, in ordinary or shared memory.
   * @throws {RangeError} When `into` has another length; nothing is computed then.
   */
  advance(into: Float32Array): void {
    const cells = this.sizeCells ** 2;
    if (into.length !== cells) {
      throw new RangeError(
        `Cannot compute a frame: it has ${cells} values, the given view has ${into.length}`,
      );
    }
    for (let count = 1; count <= this.stepsPerFrame; count++) {
      const other = this.#current === 0 ? 1 : 0;
      const here = this.#states[this.#current];
      const next = this.#states[other];
      const v = count === this.stepsPerFrame ? into : next.v;
      step(this.sizeCells, this.#reaction, { u: here.u, v: this.#v }, { u: next.u, v });
      this.#v = v;
      this.#current = other;
    }
    this.#frameCount++;
  }
}

function requireInteger(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(
      `Cannot start a simulation: ${name} is a whole number from ${min} to ${max}, ` +
        `received ${value}`,
    );
  }
  return value;
}

/** All U and no V: the state that stays as it is until a drop falls. */
function emptyFields(sizeCells: number): Fields {
  const cells = sizeCells ** 2;
  return { u: new Float32Array(cells).fill(1), v: new Float32Array(cells) };
}
