/** An eigenvalue of a real matrix. */
export interface Eigenvalue {
  readonly re: number;
  readonly im: number;
}

/** Steps without an eigenvalue after which an exceptional shift is taken, and after which there is none to be found. */
const EXCEPTIONAL = 10;
const MOST_STEPS = 200;

/**
 * Eigenvalues of a real square matrix: Householder reduction to Hessenberg form, then QR steps of two implicit shifts
 * (Francis 1961; Golub and Van Loan, "Matrix Computations", 7.4 and 7.5). O(n^3).
 *
 * @param matrix [n, n] row-major, finite.
 * @returns n of them, complex ones in pairs; null where the steps do not end.
 */
export function eigenvalues(matrix: Float64Array, n: number): Eigenvalue[] | null {
  const a = Float64Array.from(matrix);
  toHessenberg(a, n);
  const norm = a.reduce((sum, value) => sum + Math.abs(value), 0);
  const found: Eigenvalue[] = [];
  let high = n - 1;
  let steps = 0;
  while (high >= 0) {
    const low = activeFrom(a, n, high, norm);
    if (low === high) {
      found.push({ re: a[high * n + high]!, im: 0 });
      high -= 1;
      steps = 0;
    } else if (low === high - 1) {
      found.push(...ofPair(a, n, low));
      high -= 2;
      steps = 0;
    } else {
      if (++steps > MOST_STEPS) return null;
      francisStep(a, n, low, high, steps % EXCEPTIONAL === 0);
    }
  }
  return found.reverse();
}

/** Zeros below the first subdiagonal, in place. */
function toHessenberg(a: Float64Array, n: number): void {
  for (let k = 0; k < n - 2; k++) {
    const column = Array.from({ length: n - k - 1 }, (_, i) => a[(k + 1 + i) * n + k]!);
    reflect(a, n, column, k + 1, { columns: [k, n - 1], rows: [0, n - 1] });
    for (let row = k + 2; row < n; row++) a[row * n + k] = 0;
  }
}

/** The first row of the block that ends in row `high` and does not fall apart. What is negligible becomes zero. */
function activeFrom(a: Float64Array, n: number, high: number, norm: number): number {
  for (let row = high; row > 0; row--) {
    const around = Math.abs(a[row * n + row]!) + Math.abs(a[(row - 1) * n + row - 1]!);
    if (Math.abs(a[row * n + row - 1]!) <= Number.EPSILON * (around || norm)) {
      a[row * n + row - 1] = 0;
      return row;
    }
  }
  return 0;
}

/** Eigenvalues of the block of rows k and k + 1. */
function ofPair(a: Float64Array, n: number, k: number): Eigenvalue[] {
  const [p, q, r, s] = [a[k * n + k]!, a[k * n + k + 1]!, a[(k + 1) * n + k]!, a[(k + 1) * n + k + 1]!];
  const half = (p - s) / 2;
  const middle = (p + s) / 2;
  const square = half * half + q * r;
  if (square < 0) {
    const im = Math.sqrt(-square);
    return [
      { re: middle, im: -im },
      { re: middle, im },
    ];
  }
  // The one of larger size first; the other by the determinant, which loses no digits.
  const large = middle + (middle < 0 ? -1 : 1) * Math.sqrt(square);
  const small = large === 0 ? 0 : (p * s - q * r) / large;
  return [
    { re: small, im: 0 },
    { re: large, im: 0 },
  ];
}

/** One step with the two eigenvalues of the last block as shifts. */
function francisStep(a: Float64Array, n: number, low: number, high: number, exceptional: boolean): void {
  const at = (row: number, column: number): number => a[row * n + column]!;
  const size = Math.abs(at(high, high - 1)) + Math.abs(at(high - 1, high - 2));
  const trace = exceptional ? 1.5 * size : at(high - 1, high - 1) + at(high, high);
  const determinant = exceptional
    ? size * size
    : at(high - 1, high - 1) * at(high, high) - at(high - 1, high) * at(high, high - 1);
  let bulge = [
    at(low, low) * at(low, low) + at(low, low + 1) * at(low + 1, low) - trace * at(low, low) + determinant,
    at(low + 1, low) * (at(low, low) + at(low + 1, low + 1) - trace),
    at(low + 1, low) * at(low + 2, low + 1),
  ];
  for (let k = low; k < high; k++) {
    const first = Math.max(low, k - 1);
    reflect(a, n, bulge, k, { columns: [first, n - 1], rows: [0, Math.min(k + 3, high)] });
    if (k > low) for (let row = k + 1; row < k + bulge.length; row++) a[row * n + k - 1] = 0;
    bulge = Array.from({ length: Math.min(3, high - k) }, (_, i) => at(k + 1 + i, k));
  }
}

/** Applies from both sides the reflection of rows and columns from `from` on that turns x into a multiple of e_1. */
function reflect(
  a: Float64Array,
  n: number,
  x: readonly number[],
  from: number,
  range: { readonly columns: readonly [number, number]; readonly rows: readonly [number, number] },
): void {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || x.length < 2) return;
  const v = x.map((value) => value / largest);
  v[0]! += (v[0]! < 0 ? -1 : 1) * Math.hypot(...v);
  const factor = 2 / v.reduce((sum, value) => sum + value * value, 0);
  for (let column = range.columns[0]; column <= range.columns[1]; column++) {
    const dot = v.reduce((sum, value, i) => sum + value * a[(from + i) * n + column]!, 0);
    v.forEach((value, i) => (a[(from + i) * n + column]! -= factor * dot * value));
  }
  for (let row = range.rows[0]; row <= range.rows[1]; row++) {
    const dot = v.reduce((sum, value, i) => sum + value * a[row * n + from + i]!, 0);
    v.forEach((value, i) => (a[row * n + from + i]! -= factor * dot * value));
  }
}
