import assert from "node:assert/strict";
import fc from "fast-check";
import { type Fields, type Reaction, step } from "./kernel.ts";

const REACTION: Reaction = { diffusionU: 0.2, diffusionV: 0.1, feed: 0.042, kill: 0.059 };

/** The equations as a textbook writes them: one cell at a time, modulo at every edge. */
function referenceStep(size: number, reaction: Reaction, from: Fields): Fields {
  const at = (field: Float32Array, x: number, y: number): number =>
    field[((y + size) % size) * size + (x + size) % size]!;
  const laplacian = (field: Float32Array, x: number, y: number): number => {
    const edges = at(field, x - 1, y) + at(field, x + 1, y) + at(field, x, y - 1) +
      at(field, x, y + 1);
    const corners = at(field, x - 1, y - 1) + at(field, x + 1, y - 1) +
      at(field, x - 1, y + 1) + at(field, x + 1, y + 1);
    return (4 * edges + corners - 20 * at(field, x, y)) / 6;
  };
  const next = emptyFields(size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = at(from.u, x, y);
      const v = at(from.v, x, y);
      const { diffusionU, diffusionV, feed, kill } = reaction;
      next.u[y * size + x] = u + diffusionU * laplacian(from.u, x, y) - u * v ** 2 +
        feed * (1 - u);
      next.v[y * size + x] = v + diffusionV * laplacian(from.v, x, y) + u * v ** 2 -
        (feed + kill) * v;
    }
  }
  return next;
}

function emptyFields(size: number): Fields {
  return { u: new Float32Array(size ** 2), v: new Float32Array(size ** 2) };
}

function stepped(size: number, reaction: Reaction, from: Fields): Fields {
  const next = emptyFields(size);
  step(size, reaction, from, next);
  return next;
}

/** Moves a field by whole cells over the periodic grid. */
function shifted(field: Float32Array, size: number, dx: number, dy: number): Float32Array {
  return field.map((_, cell) => {
    const x = (cell % size + size - dx) % size;
    const y = (Math.floor(cell / size) + size - dy) % size;
    return field[y * size + x]!;
  });
}

function turned(field: Float32Array, size: number): Float32Array {
  return field.map((_, cell) => field[(cell % size) * size + Math.floor(cell / size)]!);
}

function sum(field: Float32Array): number {
  return field.reduce((total, value) => total + value, 0);
}

/** A grid of 1 to 12 cells a side in any state with concentrations from 0 to 1. */
const anyState = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const concentration = fc.float({ min: 0, max: 1, noNaN: true });
  const field = fc.array(concentration, { minLength: size ** 2, maxLength: size ** 2 })
    .map((values) => Float32Array.from(values));
  return fc.record({ size: fc.constant(size), u: field, v: field });
});

Deno.test("step() agrees with the equations written out cell by cell", () => {
  fc.assert(fc.property(anyState, ({ size, u, v }) => {
    const expected = referenceStep(size, REACTION, { u, v });
    const actual = stepped(size, REACTION, { u, v });
    for (let cell = 0; cell < size ** 2; cell++) {
      assert.ok(Math.abs(actual.u[cell]! - expected.u[cell]!) < 2e-7, `U of cell ${cell}`);
      assert.ok(Math.abs(actual.v[cell]! - expected.v[cell]!) < 2e-7, `V of cell ${cell}`);
    }
  }));
});

Deno.test("step() does not depend on where the origin of the periodic grid lies, to the bit", () => {
  fc.assert(fc.property(anyState, fc.nat(11), fc.nat(11), ({ size, u, v }, dx, dy) => {
    const [x, y] = [dx % size, dy % size];
    const moved = { u: shifted(u, size, x, y), v: shifted(v, size, x, y) };
    const actual = stepped(size, REACTION, moved);
    const expected = stepped(size, REACTION, { u, v });
    assert.deepEqual(actual.u, shifted(expected.u, size, x, y));
    assert.deepEqual(actual.v, shifted(expected.v, size, x, y));
  }));
});

Deno.test("step() treats rows and columns alike", () => {
  fc.assert(fc.property(anyState, ({ size, u, v }) => {
    const across = stepped(size, REACTION, { u: turned(u, size), v: turned(v, size) });
    const down = stepped(size, REACTION, { u, v });
    for (const [a, b] of [[across.u, turned(down.u, size)], [across.v, turned(down.v, size)]]) {
      a!.forEach((value, cell) => assert.ok(Math.abs(value - b![cell]!) < 2e-7, `cell ${cell}`));
    }
  }));
});

Deno.test("step() keeps the total of U and V when nothing is fed or removed", () => {
  const closed = { ...REACTION, feed: 0, kill: 0 };
  fc.assert(fc.property(anyState, ({ size, u, v }) => {
    const next = stepped(size, closed, { u, v });
    const before = sum(u) + sum(v);
    const after = sum(next.u) + sum(next.v);
    assert.ok(Math.abs(after - before) < 1e-6 * size ** 2, `${before} became ${after}`);
  }));
});

Deno.test("step() keeps both concentrations positive where its own condition holds", () => {
  fc.assert(fc.property(anyState, ({ size, u, v }) => {
    const weak = v.map((value) => value / 2); // 10/3 · 0.2 + 0.042 + 0.5² < 1
    const next = stepped(size, REACTION, { u, v: weak });
    assert.ok(next.u.every((value) => value >= 0));
    assert.ok(next.v.every((value) => value >= 0));
  }));
});

Deno.test("step() leaves the empty state as it is and its source untouched", () => {
  const size = 16;
  const from = { u: new Float32Array(size ** 2).fill(1), v: new Float32Array(size ** 2) };
  const next = stepped(size, REACTION, from);
  assert.deepEqual(next, from);
  assert.ok(from.u.every((value) => value === 1));
});

Deno.test("step() lets a trace of V end at zero, not in subnormal numbers", () => {
  const size = 8;
  let state: Fields = {
    u: new Float32Array(size ** 2).fill(1),
    v: new Float32Array(size ** 2).fill(1e-4),
  };
  for (let count = 0; count < 400; count++) state = stepped(size, REACTION, state);
  assert.ok(state.v.every((value) => value === 0));
});
