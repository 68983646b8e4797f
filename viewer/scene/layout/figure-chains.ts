/** What a figure is planned from: plain data, which a worker can be sent. */
export interface FigureInput {
  readonly nodes: readonly {
    readonly id: string;
    /** With the room that its loops need. */
    readonly width: number;
    readonly height: number;
    /** From the bottom. Every row has a node. */
    readonly row: number;
  }[];
  /** Each joins nodes of two rows. */
  readonly edges: readonly {
    readonly key: string;
    /** Indices of nodes. */
    readonly source: number;
    readonly target: number;
    /** Where it ends at its target, from -0.5, the left side, to 0.5. */
    readonly lean: number;
  }[];
}

/**
 * The figure as a layered drawing: an edge that passes rows between its ends is cut into pieces, with a bend in every
 * row that it passes. Then all pieces join neighbouring rows. A slot is a place in a row, for a box or for a bend.
 * Slots are numbers: first the boxes in the order of the nodes, then the bends.
 */
export interface CutFigure {
  /** Number of boxes. */
  readonly boxes: number;
  /** Row of each slot, from the bottom. */
  readonly rowOf: readonly number[];
  /** Slots of each row: boxes in the order of the nodes, then bends in the order of the edges. */
  readonly rows: readonly (readonly number[])[];
  /** Per slot: the slots it is joined with in the row before and in the row after. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** See Rows. */
  readonly leans: readonly (readonly number[])[];
  /** Per edge: its slots from source to target. */
  readonly chains: ReadonlyMap<string, readonly number[]>;
}

/** @param input its edges join nodes of different rows. */
export function cutEdges({ nodes, edges }: FigureInput): CutFigure {
  const rowOf = nodes.map(({ row }) => row);
  const before: number[][] = nodes.map(() => []);
  const after: number[][] = nodes.map(() => []);
  const leans: number[][] = nodes.map(() => []);
  const addBend = (row: number): number => {
    before.push([]);
    after.push([]);
    leans.push([]);
    return rowOf.push(row) - 1;
  };
  const chains = new Map<string, number[]>();
  for (const { key, source, target, lean } of edges) {
    // Two groups may write to each other: one of their edges leads down.
    const up = rowOf[source]! < rowOf[target]!;
    const [low, high] = up ? [source, target] : [target, source];
    const chain = [low];
    for (let row = rowOf[low]! + 1; row < rowOf[high]!; row++) chain.push(addBend(row));
    chain.push(high);
    for (let i = 1; i < chain.length; i++) {
      after[chain[i - 1]!]!.push(chain[i]!);
      leans[chain[i - 1]!]!.push(up && i === chain.length - 1 ? lean : 0);
      before[chain[i]!]!.push(chain[i - 1]!);
    }
    chains.set(key, up ? chain : chain.reverse());
  }
  const rows: number[][] = Array.from({ length: Math.max(-1, ...nodes.map(({ row }) => row)) + 1 }, () => []);
  for (const [slot, row] of rowOf.entries()) rows[row]!.push(slot);
  return { boxes: nodes.length, rowOf, rows, before, after, leans, chains };
}
