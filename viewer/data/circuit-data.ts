import { finiteOrNull } from '../../src/base/finite-or-null.js';
import { signIsStated, type Circuit } from '../../src/circuit/circuit.js';
import type { Contrast } from '../../src/circuit/comparison.js';
import {
  edgeReader,
  nodeRecords,
  strongestFirst,
  type EdgeRecord as EdgeRow,
  type NodeRecord as NodeRow,
} from '../../src/circuit/records.js';
import { negated } from '../../src/circuit/scores.js';
import { measuresOf, numbersOf, type Measure } from './measure.js';
import type { SignReading } from './saved-view.js';

/** How an edge differs between two circuits that are compared. */
export type EdgeClass = Contrast;

/** Kinds of nodes: those of a model, and in an attribution graph features and what features leave. */
export type NodeKind = NodeRow['kind'] | 'feature' | 'error';

export interface NodeRecord extends Omit<NodeRow, 'kind'> {
  readonly kind: NodeKind;
  /** As it is drawn: `9.9`, `9.kv1`, `MLP 3`, `input`, `logits`; in an attribution graph what its author calls it. */
  readonly label: string;
  /** In an attribution graph: index of the token at which it stands. */
  readonly position?: number;
}

/**
 * An edge. Its `effect` is the number that is drawn, whichever measure that is; its rank is by that. Both are in loss
 * form after the reader's choice of sign.
 */
export interface EdgeRecord extends EdgeRow {
  /** Its effect when it was decided on, or its score. Null where it was not measured. */
  readonly decided: number | null;
  /** Kept, and it carries nothing in the circuit: see InCircuit. */
  readonly idle: boolean;
  /** In a replay: not decided on yet at the step shown. */
  readonly pending: boolean;
  /** In a comparison; `effect` is then the one of larger magnitude. */
  readonly contrast: { readonly class: EdgeClass; readonly a: number | null; readonly b: number | null } | null;
}

/**
 * A circuit as the viewer reads it: every candidate edge, kept or not. A comparison of two circuits and a moment of a
 * replay are CircuitData too, so that filters, layouts and panels need not know of them.
 */
export interface CircuitData {
  readonly layers: number;
  readonly heads: number;
  /** Attention and MLP read the same stream: MLPs stand in their layer's row. */
  readonly parallel: boolean;
  /** There are no MLPs. Default false. */
  readonly attentionOnly?: boolean;
  /** Key ports of a layer, and value ports, where groups of heads share them. Default: one per head. */
  readonly kvPorts?: number;
  /** In an attribution graph: the tokens of its prompt. Its inputs and its logits are several nodes. */
  readonly tokens?: readonly string[];
  /** `input`, per layer key/value heads with ports of their own, heads and MLP, `logits`. Edges lead forward. */
  readonly nodes: readonly NodeRecord[];
  /** Strongest first, equals in the order of edge ids; those not measured last. */
  readonly edges: readonly EdgeRecord[];
  readonly nodeById: ReadonlyMap<string, NodeRecord>;
  readonly edgeById: ReadonlyMap<string, EdgeRecord>;
}

/** What decides which nodes there are. */
export type Shape = Pick<CircuitData, 'layers' | 'heads' | 'parallel' | 'attentionOnly' | 'kvPorts'>;

/**
 * Every candidate edge of the circuit, or the file's edges alone where the model may have more. Numbers are signed so
 * that positive = helps: `sign` says how the scores are to be read where the file does not say so itself.
 *
 * @param measure the number that is drawn. Default: the best that the circuit has.
 */
export function toCircuitData(
  circuit: Circuit,
  sign: SignReading,
  sizesKnown = true,
  measure: Measure = measuresOf(circuit)[0] ?? 'decided',
): CircuitData {
  const flip = sign === 'negative-helps' && !signIsStated(circuit);
  const signed = flip ? { ...circuit, effects: negated(circuit.effects) } : circuit;
  const drawn = { ...signed, effects: numbersOf(signed, measure) };
  const idle = new Set(circuit.inCircuit?.idle);
  const order = strongestFirst(drawn);
  const rowOf = edgeReader(drawn, order);
  const edges = order.map((id) => withoutState(rowOf(id), finiteOrNull(signed.effects[id]), idle.has(id)));
  const listed = sizesKnown ? edges : edges.filter(({ inCircuit, decided }) => inCircuit || decided !== null);
  return assemble(circuit.topology, listed);
}

/** An edge outside of a replay and a comparison. Fields are named: a spread is several times slower on 32,491 edges. */
function withoutState(
  {
    id,
    source,
    target,
    port,
    kind,
    effect,
    inCircuitEffect,
    confidence,
    confidenceLow,
    confidenceHigh,
    step,
    rank,
    inCircuit,
  }: EdgeRow,
  decided: number | null,
  idle: boolean,
): EdgeRecord {
  return {
    decided,
    idle,
    id,
    source,
    target,
    port,
    kind,
    effect,
    inCircuitEffect,
    confidence,
    confidenceLow,
    confidenceHigh,
    step,
    rank,
    inCircuit,
    pending: false,
    contrast: null,
  };
}

/**
 * The data of these edges: its nodes are those of the shape, and what is said of them follows from the edges.
 *
 * @param edges in the order of CircuitData's.
 */
export function assemble(shape: Shape, edges: readonly EdgeRecord[]): CircuitData {
  const { layers, heads, parallel, attentionOnly = false, kvPorts = heads } = shape;
  const nodes = nodeRecords(shape, edges).map((node): NodeRecord => ({ ...node, label: nodeLabel(node) }));
  const edgeById = new Map<string, EdgeRecord>();
  for (const edge of edges) edgeById.set(edge.id, edge);
  return {
    layers,
    heads,
    parallel,
    attentionOnly,
    kvPorts,
    nodes,
    edges,
    nodeById: new Map(nodes.map((node) => [node.id, node])),
    edgeById,
  };
}

function nodeLabel({ kind, layer, head, kvGroup }: NodeRow): string {
  if (kind === 'kv') return `${layer}.kv${kvGroup}`;
  if (kind === 'head') return `${layer}.${head}`;
  return kind === 'mlp' ? `MLP ${layer}` : kind;
}
