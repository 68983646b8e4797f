/** Kinds of operations, by which benches tell their costs apart. */
export type WorkKind = 'product' | 'transposed product' | 'score products' | 'sum' | 'norm' | 'attention';

/**
 * What operations cost: f32 operations, and bytes of buffers that they read and write if each element is touched once.
 */
export interface Work {
  readonly kind: WorkKind;
  readonly flops: number;
  readonly bytes: number;
}

/** A product of matrices, rows x inner by inner x columns. */
export function productWork(rows: number, inner: number, columns: number, kind: WorkKind = 'product'): Work {
  return { kind, flops: 2 * rows * inner * columns, bytes: 4 * (rows * inner + inner * columns + rows * columns) };
}

/** The sum of `terms` arrays [rows, width], onto an array that is there. */
export function sumWork(rows: number, width: number, terms: number): Work {
  return { kind: 'sum', flops: rows * width * terms, bytes: 4 * rows * width * (terms + 2) };
}

/** Mean, variance, scale and shift: about eight operations an element. */
export function normWork(rows: number, width: number): Work {
  return { kind: 'norm', flops: 8 * rows * width, bytes: 8 * rows * width };
}

/**
 * Scores, softmax and mix of one head: per pair of a query and a key two products and about four operations.
 *
 * @param tokens keys and values that are read, @param sequence columns of a pattern.
 */
export function attentionWork(pairs: number, rows: number, head: number, tokens: number, sequence: number): Work {
  return {
    kind: 'attention',
    flops: pairs * (4 * head + 4),
    bytes: 4 * (2 * rows * (head + sequence) + 2 * tokens * head),
  };
}
