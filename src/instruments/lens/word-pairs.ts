/** Two tokens and what lies between them: source, target, value. */
export type WordPair = [number, number, number];

/** How many pairs are told. */
export const PAIRS = 10;

/** The pairs of largest value, largest first, of equal ones the first given. */
export function largestPairs(pairs: Iterable<WordPair>): WordPair[] {
  const found: WordPair[] = [];
  for (const pair of pairs) {
    if (found.length === PAIRS && !(pair[2] > found.at(-1)![2])) continue;
    const at = found.findIndex((other) => pair[2] > other[2]);
    found.splice(at === -1 ? found.length : at, 0, pair);
    if (found.length > PAIRS) found.pop();
  }
  return found;
}

/** Every pair of words, by rows: the source is the row's word. @param values [words, words] */
export function* tablePairs(words: readonly number[], values: Float64Array): Generator<WordPair> {
  for (const [i, source] of words.entries()) {
    for (const [j, target] of words.entries()) yield [source, target, values[i * words.length + j]!];
  }
}

/** Products of the rows of a [n, stride] with those of b [m, stride]: [n, m]. */
export function rowProducts(
  a: Float32Array | Float64Array,
  b: Float32Array | Float64Array,
  stride: number,
): Float64Array {
  const [n, m] = [a.length / stride, b.length / stride];
  const products = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < stride; k++) sum += a[i * stride + k]! * b[j * stride + k]!;
      products[i * m + j] = sum;
    }
  }
  return products;
}
