/** A layered drawing. Nodes are numbers. Edges join nodes of neighbouring rows only. */
export interface Rows {
  /** Per row: its nodes from left to right. */
  readonly rows: readonly (readonly number[])[];
  /** Per node: its neighbours in the row before. */
  readonly before: readonly (readonly number[])[];
  /** Per node: its neighbours in the row after. */
  readonly after: readonly (readonly number[])[];
  /** For each of those: where at the neighbour the edge ends, from -0.5, its left side, to 0.5. Default: the middle. */
  readonly leans?: readonly (readonly number[])[];
}

/** Rounds without a better order before the search ends. */
const PATIENCE = 6;

/** An order of the nodes in each row with few crossings, never more than in the order given. */
export function reduceCrossings(start: Rows, rounds: number): readonly (readonly number[])[] {
  const sides = sidesOf(start);
  const [before, after] = sides;
  const rows = start.rows.map((row) => [...row]);
  const place = new Float64Array(before.length);
  for (const row of rows) number(row, place);

  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows, start, place);
  for (let round = 0, idle = 0; round < rounds && idle < PATIENCE && fewest > 0; round++, idle++) {
    const downwards = round % 2 === 0;
    const towards = downwards ? before : after;
    for (let i = 1; i < rows.length; i++)
      sortRow(rows[downwards ? i : rows.length - 1 - i]!, towards, place, round % 4 > 1);
    for (let pass = 0; pass < 3; pass++) for (const row of rows) sift(row, sides, place);
    const count = crossings(rows, start, place);
    if (count >= fewest) continue;
    fewest = count;
    idle = 0;
    best = rows.map((row) => [...row]);
  }
  return best;
}

/** Number of pairs of edges that cross, over all rows. */
export function crossings(
  rows: readonly (readonly number[])[],
  { after, leans }: Pick<Rows, 'after' | 'leans'>,
  place: ArrayLike<number>,
): number {
  let total = 0;
  for (const row of rows) {
    const ends: number[] = [];
    for (const node of row) {
      ends.push(...after[node]!.map((other, i) => place[other]! + (leans?.[node]![i] ?? 0)).sort((a, b) => a - b));
    }
    total += inversions(ends);
  }
  return total;
}

/** Per node: its neighbours on one side, and where at them its edges end. */
type Side = readonly (readonly { readonly node: number; readonly lean: number }[])[];

function sidesOf({ before, after, leans }: Rows): readonly [before: Side, after: Side] {
  const side = (others: Rows['before'], leanOf: (node: number, i: number) => number): Side =>
    others.map((list, node) => list.map((other, i) => ({ node: other, lean: leanOf(node, i) })));
  return [side(before, () => 0), side(after, (node, i) => leans?.[node]![i] ?? 0)];
}

/** Sorts a row by the mean place of each node's neighbours. A node without neighbours keeps its place. */
function sortRow(row: number[], towards: Side, place: Float64Array, reverseTies: boolean): void {
  const wish = new Map<number, number>();
  for (const node of row) {
    const others = towards[node]!;
    const sum = others.reduce((total, { node: other, lean }) => total + place[other]! + lean, 0);
    wish.set(node, others.length > 0 ? sum / others.length : place[node]!);
  }
  const old = new Map(row.map((node, i) => [node, reverseTies ? -i : i]));
  row.sort((a, b) => wish.get(a)! - wish.get(b)! || old.get(a)! - old.get(b)!);
  number(row, place);
}

/** Moves each node of a row to where it causes the fewest crossings. The other nodes keep their order. */
function sift(row: number[], sides: readonly Side[], place: Float64Array): void {
  for (const node of row.slice()) {
    const from = row.indexOf(node);
    let change = 0;
    let least = 0;
    let to = from;
    for (let i = from - 1; i >= 0; i--) {
      change += swapGain(row[i]!, node, sides, place);
      if (change < least) [least, to] = [change, i];
    }
    change = 0;
    for (let i = from + 1; i < row.length; i++) {
      change += swapGain(node, row[i]!, sides, place);
      if (change < least) [least, to] = [change, i];
    }
    if (to === from) continue;
    row.splice(from, 1);
    row.splice(to, 0, node);
  }
  number(row, place);
}

/** Crossings of the edges of two neighbours after they swap places, minus their crossings now. */
function swapGain(left: number, right: number, sides: readonly Side[], place: Float64Array): number {
  let gain = 0;
  for (const side of sides) {
    for (const a of side[left]!) {
      for (const b of side[right]!) gain += Math.sign(place[b.node]! + b.lean - place[a.node]! - a.lean);
    }
  }
  return gain;
}

function number(row: readonly number[], place: Float64Array): void {
  for (let i = 0; i < row.length; i++) place[row[i]!] = i;
}

/** Number of pairs in the wrong order, by merge sort. The values are sorted afterwards. */
function inversions(values: number[]): number {
  if (values.length < 2) return 0;
  const left = values.slice(0, values.length >> 1);
  const right = values.slice(values.length >> 1);
  let count = inversions(left) + inversions(right);
  for (let k = 0, i = 0, j = 0; k < values.length; k++) {
    if (j >= right.length || (i < left.length && left[i]! <= right[j]!)) values[k] = left[i++]!;
    else {
      values[k] = right[j++]!;
      count += left.length - i;
    }
  }
  return count;
}
