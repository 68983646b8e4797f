/** A layered drawing whose rows are ordered. Its nodes need horizontal places. */
export interface Columns {
  readonly rows: readonly (readonly number[])[];
  /** Per node: the nodes it is joined with in the rows before and after, and how strongly each pulls. */
  readonly pulls: readonly (readonly { readonly node: number; readonly weight: number }[])[];
  /** Smallest distance between the middles of two neighbours in a row. */
  readonly gap: (left: number, right: number) => number;
}

/** Sweeps through all rows, up and down. More sweeps change little. */
const SWEEPS = 80;

/**
 * Middle of each node. Edges become short and straight: the sum of weight * (distance of joined nodes)^2 is lowered row
 * by row, and each row is solved exactly.
 */
export function placeColumns({ rows, pulls, gap }: Columns, sweeps = SWEEPS): Float64Array {
  const x = new Float64Array(pulls.length);
  for (const row of rows) {
    const offsets = offsetsOf(row, gap);
    const width = offsets.at(-1) ?? 0;
    row.forEach((node, i) => (x[node] = offsets[i]! - width / 2));
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let i = 0; i < rows.length; i++) placeRow(rows[sweep % 2 === 0 ? i : rows.length - 1 - i]!, pulls, gap, x);
  }
  return x;
}

/** Least distance of each node of a row from the first. */
function offsetsOf(row: readonly number[], gap: Columns['gap']): number[] {
  const offsets: number[] = [];
  let at = 0;
  row.forEach((node, i) => {
    if (i > 0) at += gap(row[i - 1]!, node);
    offsets.push(at);
  });
  return offsets;
}

/**
 * Sets the places of a row: as near as the gaps allow to where its nodes are pulled. This is an isotonic regression of
 * the wished places minus the offsets. Neighbours that would overlap are pooled.
 */
function placeRow(row: readonly number[], pulls: Columns['pulls'], gap: Columns['gap'], x: Float64Array): void {
  const offsets = offsetsOf(row, gap);
  const blocks: { weight: number; sum: number; count: number }[] = [];
  row.forEach((node, i) => {
    let weight = 0;
    let sum = 0;
    for (const pull of pulls[node]!) {
      weight += pull.weight;
      sum += pull.weight * x[pull.node]!;
    }
    // A node that nothing pulls stays where it is, but gives way to others.
    if (weight === 0) [weight, sum] = [0.01, 0.01 * x[node]!];
    let block = { weight, sum: sum - weight * offsets[i]!, count: 1 };
    for (let last = blocks.at(-1); last && last.sum * block.weight > block.sum * last.weight; last = blocks.at(-1)) {
      block = { weight: last.weight + block.weight, sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  let i = 0;
  for (const { weight, sum, count } of blocks) {
    for (const end = i + count; i < end; i++) x[row[i]!] = sum / weight + offsets[i]!;
  }
}
