/** Eigenvalues against matrices whose own are known, and against what they must add and multiply up to. */
import { expect, test } from 'vitest';
import { eigenvalues, type Eigenvalue } from '../../../../src/instruments/lens/eigenvalues.js';
import { expectClose } from '../../../support/gpu.js';
import { randomNumbers } from '../../../support/random.js';

const sorted = (values: readonly Eigenvalue[]): Eigenvalue[] =>
  values.toSorted((a, b) => (Math.abs(a.re - b.re) > 1e-6 ? a.re - b.re : a.im - b.im));

function expectValues(matrix: readonly number[], n: number, wanted: readonly Eigenvalue[], tolerance = 1e-10): void {
  const got = sorted(eigenvalues(Float64Array.from(matrix), n)!);
  const list = (values: readonly Eigenvalue[]): number[] => values.flatMap(({ re, im }) => [re, im]);
  expectClose('eigenvalues', list(got), list(sorted(wanted)), tolerance, 'relative');
}

const real = (...values: readonly number[]): Eigenvalue[] => values.map((re) => ({ re, im: 0 }));

test('of one number, of nothing, of zeros and of triangles', () => {
  expectValues([], 0, []);
  expectValues([-3], 1, real(-3));
  expectValues(new Array<number>(25).fill(0), 5, real(0, 0, 0, 0, 0));
  expectValues([2, 5, 7, 0, -1, 4, 0, 0, 9], 3, real(2, -1, 9));
  expectValues([2, 0, 0, 5, -1, 0, 7, 4, 9], 3, real(2, -1, 9));
});

test('of rotations and permutations, which turn without an end', () => {
  expectValues([0, -1, 1, 0], 2, [
    { re: 0, im: 1 },
    { re: 0, im: -1 },
  ]);
  const n = 7;
  const shift = Array.from({ length: n * n }, (_, i) => ((Math.floor(i / n) + 1) % n === i % n ? 1 : 0));
  const roots = Array.from({ length: n }, (_, k) => ({
    re: Math.cos((2 * Math.PI * k) / n),
    im: Math.sin((2 * Math.PI * k) / n),
  }));
  expectValues(shift, n, roots);
});

test('of the companion of a polynomial: its roots', () => {
  // (x - 1)(x - 2)(x - 3)(x^2 + 2x + 5)
  const coefficients = [-30, 43, -14, 4, -4];
  const n = 5;
  const companion = new Array<number>(n * n).fill(0);
  for (let i = 1; i < n; i++) companion[i * n + i - 1] = 1;
  coefficients.forEach((value, i) => (companion[i * n + n - 1] = -value));
  expectValues(companion, n, [...real(1, 2, 3), { re: -1, im: 2 }, { re: -1, im: -2 }]);
});

test('of a matrix made of known ones, in a random basis', () => {
  const random = randomNumbers(5);
  const n = 24;
  const next = (): number => random.below(2001) / 1000 - 1;
  // Blocks of known pairs, then A = P B P^-1 by shears, whose inverses are plain.
  const b = new Float64Array(n * n);
  const wanted: Eigenvalue[] = [];
  for (let i = 0; i < n; i += 2) {
    const [re, im] = [next() * 3, 0.1 + Math.abs(next())];
    b.set([re, -im], i * n + i);
    b.set([im, re], (i + 1) * n + i);
    wanted.push({ re, im }, { re, im: -im });
  }
  for (let step = 0; step < 200; step++) {
    const [from, to] = [random.below(n), random.below(n)];
    if (from === to) continue;
    const by = next() / 2;
    for (let c = 0; c < n; c++) b[to * n + c]! += by * b[from * n + c]!;
    for (let r = 0; r < n; r++) b[r * n + from]! -= by * b[r * n + to]!;
  }
  const got = eigenvalues(b, n)!;
  for (const { re, im } of wanted) {
    const nearest = Math.min(...got.map((one) => Math.hypot(one.re - re, one.im - im)));
    expect(nearest).toBeLessThan(1e-6);
  }
});

test('of random matrices: as many as rows, in pairs, with the traces of the matrix and of its square', () => {
  const random = randomNumbers(3);
  for (const n of [1, 2, 3, 4, 6, 13, 40]) {
    const a = Float64Array.from({ length: n * n }, () => random.below(2001) / 1000 - 1);
    const values = eigenvalues(a, n)!;
    expect(values).toHaveLength(n);
    const at = (i: number, j: number): number => a[i * n + j]!;
    const every = [...Array(n).keys()];
    const trace = every.reduce((sum, i) => sum + at(i, i), 0);
    const square = every.reduce((sum, i) => sum + every.reduce((all, j) => all + at(i, j) * at(j, i), 0), 0);
    expectClose('sum', [values.reduce((sum, { re }) => sum + re, 0)], [trace], 1e-9, 'relative');
    expectClose('imaginary parts', [values.reduce((sum, { im }) => sum + im, 0)], [0], 1e-9);
    const squares = values.reduce((sum, { re, im }) => sum + re * re - im * im, 0);
    expectClose('squares', [squares], [square], 1e-8, 'relative');
  }
});

test('a matrix that is not finite has none', () => {
  expect(eigenvalues(Float64Array.of(1, 2, 3, Number.NaN, 5, 6, 7, 8, 9), 3)).toBeNull();
});
