/**
 * One explicit Euler step of the Gray–Scott equations on a square periodic grid.
 *
 *     dU/dt = Du ∇²U − U V² + F (1 − U)
 *     dV/dt = Dv ∇²V + U V² − (F + k) V
 *
 * U is fed at rate F, V turns U into more of itself and is removed at rate F + k.
 *
 * Sources: P. Gray and S. K. Scott, "Autocatalytic reactions in the isothermal, continuous stirred
 * tank reactor", Chemical Engineering Science 38 (1983); the two-dimensional form and the names F
 * and k: J. E. Pearson, "Complex patterns in a simple system", Science 261 (1993).
 *
 * The Laplacian is the nine-point one, whose leading error has no direction, so that a ring stays
 * round on a square grid:
 *
 *          1   ⎡ 1    4   1 ⎤
 *     ∇² ≈ ─ · ⎢ 4  −20   4 ⎥        (cell width 1, time step 1)
 *          6   ⎣ 1    4   1 ⎦
 *
 * Diffusion is stable while Du and Dv are below 3/8, and the whole step keeps U and V positive
 * while the weight of a cell's own value is, which means 10/3 · Du + F + V² ≤ 1 for U.
 *
 * Only + − × on doubles, rounded to float32 once at the store: IEEE 754 fixes every bit, and the
 * same state gives the same result on every machine.
 *
 * Thread rules: reads `from`, writes `into`; both may lie in shared memory as long as no other
 * thread writes them meanwhile.
 */

/** The two concentrations, row by row, each `sizeCells²` values. */
export interface Fields {
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/** Constants of the equations, in units of one cell width and one time step. */
export interface Reaction {
  /** Du, the diffusion rate of U. */
  readonly diffusionU: number;
  /** Dv, the diffusion rate of V. */
  readonly diffusionV: number;
  /** F, the rate at which U is fed and everything is washed out. */
  readonly feed: number;
  /** k, the rate at which V is removed beyond that. */
  readonly kill: number;
}

/**
 * V below this is stored as zero. It is too little to matter: U V² < 10⁻¹⁶ vanishes beside U in
 * float32. Left alone it would decay into subnormal numbers all over the background, where the
 * processor takes nearly twice the time for a cell.
 */
const V_FLOOR = 1e-8;

/**
 * Computes the state one time step after `from` and stores it in `into`.
 *
 * @param sizeCells Cells along each side; at least 1.
 * @param from State to start from; left as it is.
 * @param into Where the next state goes; must not overlap `from`.
 */
export function step(sizeCells: number, reaction: Reaction, from: Fields, into: Fields): void {
  const last = (sizeCells - 1) * sizeCells;
  for (let row = 0; row <= last; row += sizeCells) {
    const above = row === 0 ? last : row - sizeCells;
    const below = row === last ? 0 : row + sizeCells;
    stepRow(sizeCells, reaction, from, into, above, row, below);
  }
}

/**
 * One row, as a window of three columns that slides to the east. Per cell and field only the column
 * that enters is read; of the rows above and below only sums are kept.
 *
 *               west        here        east ◀─ enters
 *     above   ┐           ┐           ┐
 *     row     │ uWest     │ uHere     │ uEast
 *     below   ┘           ┘           ┘
 *      above + below:
 *               uSumWest    uSumHere    uSumEast
 */
function stepRow(
  sizeCells: number,
  reaction: Reaction,
  from: Fields,
  into: Fields,
  above: number,
  row: number,
  below: number,
): void {
  const { u, v } = from;
  const { u: nextU, v: nextV } = into;
  const { diffusionU, diffusionV, feed, kill } = reaction;
  const cornerU = diffusionU / 6;
  const cornerV = diffusionV / 6;
  const edgeU = 4 * cornerU;
  const edgeV = 4 * cornerV;
  const selfU = 1 - 20 * cornerU - feed;
  const selfV = 1 - 20 * cornerV - feed - kill;

  const end = sizeCells - 1;
  let uWest = u[row + end]!;
  let uSumWest = u[above + end]! + u[below + end]!;
  let uHere = u[row]!;
  let uSumHere = u[above]! + u[below]!;
  let vWest = v[row + end]!;
  let vSumWest = v[above + end]! + v[below + end]!;
  let vHere = v[row]!;
  let vSumHere = v[above]! + v[below]!;

  for (let column = 0; column <= end; column++) {
    const east = column === end ? 0 : column + 1;
    const uEast = u[row + east]!;
    const uSumEast = u[above + east]! + u[below + east]!;
    const vEast = v[row + east]!;
    const vSumEast = v[above + east]! + v[below + east]!;

    const converted = uHere * vHere * vHere;
    nextU[row + column] = selfU * uHere + edgeU * (uWest + uEast + uSumHere) +
      cornerU * (uSumWest + uSumEast) + feed - converted;
    const grown = selfV * vHere + edgeV * (vWest + vEast + vSumHere) +
      cornerV * (vSumWest + vSumEast) + converted;
    nextV[row + column] = grown < V_FLOOR ? 0 : grown;

    uWest = uHere;
    uHere = uEast;
    uSumWest = uSumHere;
    uSumHere = uSumEast;
    vWest = vHere;
    vHere = vEast;
    vSumWest = vSumHere;
    vSumHere = vSumEast;
  }
}
