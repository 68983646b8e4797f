import { EdgewiseError } from '../base/errors.js';
import { counted, quote } from '../base/text.js';
import { isGrouped, parseNode } from './nodes.js';
import { edgeCounts, graphFits, type TopologyShape } from './topology-shape.js';

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

/** `2 layers of 3 heads`, `2 layers of 8 heads that share 2 key/value ports`. */
export function inWords(shape: TopologyShape): string {
  const { layers, heads, parallel, attentionOnly, kvPorts } = shape;
  const blocks = attentionOnly ? ' without MLPs' : parallel ? ' in parallel with the MLP' : '';
  const ports = isGrouped(shape) ? ` that share ${counted(kvPorts!, 'key/value port')}` : '';
  return `${counted(layers, 'layer')} of ${counted(heads, 'head')}${ports}${blocks}`;
}

/** The sizes that names tell of. Key/value ports are set where a name says that groups of heads share them. */
type LeastShape = Pick<TopologyShape, 'layers' | 'heads' | 'kvPorts'>;

/** The fewest layers, heads and key/value ports with which a model has all the nodes. */
export function leastShape(nodes: readonly string[], source: string): LeastShape {
  let [layers, heads, groups] = [1, 1, 0];
  for (const node of nodes) {
    const named = parseNode(node);
    if (named && 'layer' in named) {
      layers = Math.max(layers, named.layer + 1);
      if (named.kind === 'head') heads = Math.max(heads, named.head + 1);
      if (named.kind === 'kv') groups = Math.max(groups, named.group + 1);
    }
    if (!named || !graphFits({ layers, heads: Math.max(heads, 2 * groups), kvPorts: Math.max(1, groups) })) {
      const what = `node ${quote(node)}: expected a name such as a9.h9, m3, input or logits`;
      throw new EdgewiseError('circuit', source, what);
    }
  }
  if (groups === 0) return { layers, heads };
  let [kvPorts] = portsShared(heads, groups);
  for (; kvPorts === undefined; [kvPorts] = portsShared(heads, groups)) heads++;
  return { layers, heads, kvPorts };
}

/** How many ports so many heads can share, fewest first, where there are at least `groups`. */
function portsShared(heads: number, groups: number): number[] {
  const numbers = Array.from({ length: heads }, (_, ports) => ports);
  return numbers.filter((ports) => ports >= groups && heads % ports === 0);
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
  least: LeastShape,
  hints: ShapeHints,
  kinds: readonly BlockKind[],
): TopologyShape[] {
  const found: TopologyShape[] = [];
  const { kvPorts: groups } = least;
  // More ports are more edges: fewer than these are in no shape with so many layers and heads.
  const smallest = (layers: number, heads: number) => ({ layers, heads, ...(groups && { kvPorts: groups }) });
  for (const kind of kinds) {
    const fewest = (layers: number, heads: number) => candidateCount({ ...smallest(layers, heads), ...kind }, hints);
    for (let { layers } = least; graphFits(smallest(layers, least.heads)); layers++) {
      if (fewest(layers, least.heads) > candidates) break;
      for (let { heads } = least; graphFits(smallest(layers, heads)); heads++) {
        if (fewest(layers, heads) > candidates) break;
        const ports = groups ? portsShared(heads, groups).map((kvPorts) => ({ kvPorts })) : [{}];
        const shapes = ports.map((shared): TopologyShape => ({ layers, heads, ...shared, ...kind }));
        found.push(...shapes.filter((shape) => candidateCount(shape, hints) === candidates));
      }
    }
  }
  return found;
}

function candidateCount(shape: TopologyShape, { direct }: ShapeHints): number {
  const { addition, direct: directEdges } = edgeCounts(shape);
  return addition + (direct ? directEdges : 0);
}

/** `a3.h0->m3`: an edge that a model with parallel attention and MLP does not have. */
function feedsOwnMlp(edge: string): boolean {
  const match = /^a(\d+)\.h\d+->m(\d+)$/.exec(edge);
  return match !== null && match[1] === match[2];
}
