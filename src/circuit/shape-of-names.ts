import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { parseNode } from './nodes.js';
import { Topology, type TopologyShape } from './topology.js';

export interface ShapeHints {
  /** Names of the edges in the file. */
  readonly edges: readonly string[];
  /** Number of edges that the circuit was chosen from; null where the file does not say. */
  readonly candidates: number | null;
  /** The candidates include direct edges. */
  readonly direct: boolean;
  /** The file's name, for messages. */
  readonly source: string;
}

/** What a file of names tells about the shape of its model. */
export interface FoundShape {
  /** The first shape that fits. Where the file has too little to tell, its layers and heads are those of the names. */
  readonly shape: TopologyShape;
  /** Null where no other shape fits, else why the shape is not known. */
  readonly doubt: string | null;
}

/**
 * The shape of the model whose nodes and edges a file names. Nodes that the circuit does not hold are not in the file.
 * The number of candidate edges tells how many there are: two shapes seldom have the same number.
 *
 * @throws EdgewiseError kind `circuit` at the first name that no node has.
 */
export function shapeOfNames(nodes: readonly string[], hints: ShapeHints): FoundShape {
  const least = leastShape(nodes, hints.source);
  const fitting =
    hints.candidates === null ? [] : shapesWith(hints.candidates, least, hints, kindsOf(nodes, hints.edges));
  const shape = fitting[0] ?? { ...least, parallel: false };
  if (fitting.length === 1) return { shape, doubt: null };
  const doubt =
    hints.candidates === null
      ? 'the file does not say how many layers and heads its model has'
      : `${hints.candidates} edges are those of ${fitting.map(inWords).join(' or of ') || 'no model that has these nodes'}`;
  return { shape, doubt };
}

/** `2 layers of 3 heads`. */
export function inWords({ layers, heads, parallel, attentionOnly }: TopologyShape): string {
  const blocks = attentionOnly ? ' without MLPs' : parallel ? ' in parallel with the MLP' : '';
  return `${layers} layers of ${heads} heads${blocks}`;
}

/** The fewest layers and heads with which a model has all the nodes. */
export function leastShape(nodes: readonly string[], source: string): { layers: number; heads: number } {
  let [layers, heads] = [1, 1];
  for (const node of nodes) {
    const named = parseNode(node);
    if (named && 'layer' in named) {
      layers = Math.max(layers, named.layer + 1);
      if (named.kind === 'head') heads = Math.max(heads, named.head + 1);
    }
    if (!named || !Topology.fits({ layers, heads })) {
      const what = `node ${quote(node)}: expected a name such as a9.h9, m3, input or logits`;
      throw new EdgewiseError('circuit', source, what);
    }
  }
  return { layers, heads };
}

type BlockKind = Pick<TopologyShape, 'parallel' | 'attentionOnly'>;

/** The kinds of blocks that a model with these nodes and edges may have, the most usual one first. */
export function kindsOf(nodes: readonly string[], edges: readonly string[]): readonly BlockKind[] {
  const kinds: BlockKind[] = [{ parallel: false }];
  if (!edges.some(feedsOwnMlp)) kinds.push({ parallel: true });
  if (!nodes.some((node) => parseNode(node)?.kind === 'mlp')) kinds.push({ parallel: false, attentionOnly: true });
  return kinds;
}

/** Every shape with this number of candidate edges, from the fewest layers. */
function shapesWith(
  candidates: number,
  least: { readonly layers: number; readonly heads: number },
  hints: ShapeHints,
  kinds: readonly BlockKind[],
): TopologyShape[] {
  const found: TopologyShape[] = [];
  for (const kind of kinds) {
    for (let { layers } = least; Topology.fits({ layers, heads: least.heads }); layers++) {
      if (candidateCount({ layers, heads: least.heads, ...kind }, hints) > candidates) break;
      for (let { heads } = least; Topology.fits({ layers, heads }); heads++) {
        const count = candidateCount({ layers, heads, ...kind }, hints);
        if (count === candidates) found.push({ layers, heads, ...kind });
        if (count >= candidates) break;
      }
    }
  }
  return found;
}

function candidateCount(shape: TopologyShape, { direct }: ShapeHints): number {
  const { addition, direct: directEdges } = Topology.edgeCounts(shape);
  return addition + (direct ? directEdges : 0);
}

/** `a3.h0->m3`: an edge that a model with parallel attention and MLP does not have. */
function feedsOwnMlp(edge: string): boolean {
  const match = /^a(\d+)\.h\d+->m(\d+)$/.exec(edge);
  return match !== null && match[1] === match[2];
}
