import {
  contrastOf,
  countContrasts,
  jaccardIndex,
  rankCorrelation,
  refuseOtherPorts,
  type ContrastCounts,
} from '../../src/circuit/comparison.js';
import { BRANCHES } from '../../src/circuit/nodes.js';
import { assemble, type CircuitData, type EdgeRecord, type Shape } from '../data/circuit-data.js';
import { tieAfter, type Tie } from './limit.js';
import { defaultScope } from './pool.js';

/** Two circuits as one. */
export interface Comparison {
  /**
   * The union of both. An edge that one of them keeps is in the circuit. An edge that neither keeps has no contrast.
   */
  readonly data: CircuitData;
  readonly edges: ContrastCounts;
  readonly nodes: ContrastCounts;
  /** Edges in both circuits / edges in either. 1 when both are empty. */
  readonly jaccardEdges: number;
  /** The same of nodes. `input` and `logits` are in every circuit. */
  readonly jaccardNodes: number;
  /**
   * Spearman's correlation of |effect|, over the edges that are measured in both. Null when they are fewer than two, or
   * when all |effect| of one circuit are equal.
   */
  readonly rankCorrelation: number | null;
}

/**
 * Compares two circuits by the names of their edges: they may be of different models. Direct edges are left out unless
 * both circuits have them.
 *
 * @throws EdgewiseError kind `circuit` where heads share key and value ports in one of them alone.
 */
export function compare(a: CircuitData, b: CircuitData): Comparison {
  refuseOtherPorts(a, b, ['A', 'B']);
  const shape: Shape = {
    layers: Math.max(a.layers, b.layers),
    heads: Math.max(a.heads, b.heads),
    parallel: a.parallel && b.parallel,
    attentionOnly: (a.attentionOnly ?? false) && (b.attentionOnly ?? false),
    kvPorts: Math.max(a.kvPorts ?? a.heads, b.kvPorts ?? b.heads),
  };
  const withDirect = hasDirect(a) && hasDirect(b);
  const names = new Set([...a.edgeById.keys(), ...b.edgeById.keys()]);
  const edges: EdgeRecord[] = [];
  const [left, right]: [number[], number[]] = [[], []];
  for (const name of names) {
    const inA = a.edgeById.get(name);
    const inB = b.edgeById.get(name);
    const edge = (inA ?? inB)!;
    if (edge.kind === 'direct' && !withDirect) continue;
    const effectA = inA?.effect ?? null;
    const effectB = inB?.effect ?? null;
    if (effectA !== null && effectB !== null) {
      left.push(Math.abs(effectA));
      right.push(Math.abs(effectB));
    }
    const kind = contrastOf(inA, inB);
    const keepers = [inA, inB].filter((one) => one?.inCircuit);
    edges.push({
      ...edge,
      // What is said of one circuit alone.
      decided: null,
      inCircuitEffect: null,
      confidence: null,
      confidenceLow: null,
      confidenceHigh: null,
      idle: keepers.length > 0 && keepers.every((one) => one?.idle),
      effect: Math.abs(effectB ?? 0) > Math.abs(effectA ?? 0) ? effectB : (effectA ?? effectB),
      step: null,
      inCircuit: kind !== null,
      pending: (inA?.pending ?? false) || (inB?.pending ?? false),
      contrast: kind && { class: kind, a: effectA, b: effectB },
    });
  }
  const data = assemble(shape, ranked(edges, shape));
  const edgeCounts = countContrasts(data.edges.map((edge) => edge.contrast?.class ?? null));
  const nodeCounts = countContrasts(data.nodes.map(({ id }) => contrastOf(a.nodeById.get(id), b.nodeById.get(id))));
  return {
    data,
    edges: edgeCounts,
    nodes: nodeCounts,
    jaccardEdges: jaccardIndex(edgeCounts),
    jaccardNodes: jaccardIndex(nodeCounts),
    rankCorrelation: rankCorrelation(left, right),
  };
}

/** The number of edges that both circuits can be cut to: that of the smaller circuit. */
export function matchEdges(a: CircuitData, b: CircuitData): number {
  return Math.min(eligible(a).length, eligible(b).length);
}

/** The data with only the `count` strongest edges in the circuit. */
export function strongest(data: CircuitData, count: number): CircuitData {
  const chosen = new Set(eligible(data).slice(0, count));
  return assemble(
    data,
    data.edges.map((edge) => (edge.inCircuit === chosen.has(edge) ? edge : { ...edge, inCircuit: !edge.inCircuit })),
  );
}

/** The tie that `strongest` cuts through, null for none. */
export function tieOfStrongest(data: CircuitData, count: number): Tie | null {
  return tieAfter(eligible(data), count);
}

/** Edges that a reader sees at first, strongest first: those of the circuit, or all if the file selects none. */
function eligible(data: CircuitData): readonly EdgeRecord[] {
  return defaultScope(data) === 'all' ? data.edges : data.edges.filter((edge) => edge.inCircuit);
}

function hasDirect(data: CircuitData): boolean {
  return data.edges.some((edge) => edge.kind === 'direct');
}

/** Sorts the edges, strongest first and equals by edge id, and gives them their ranks. */
function ranked(edges: EdgeRecord[], shape: Shape): EdgeRecord[] {
  const strength = ({ effect }: EdgeRecord): number => (effect === null ? -1 : Math.abs(effect));
  const ids = idsIn(shape, edges);
  edges.sort((x, y) => strength(y) - strength(x) || ids.get(x)! - ids.get(y)!);
  let rank = 0;
  return edges.map((edge, place) => {
    // Equals share the first of their places.
    if (place === 0 || strength(edge) !== strength(edges[place - 1]!)) rank = place + 1;
    return { ...edge, rank: edge.effect === null ? null : rank };
  });
}

/** Numbers that are in the order of edge ids: by kind, then by port, then by writer. */
function idsIn(shape: Shape, edges: readonly EdgeRecord[]): Map<EdgeRecord, number> {
  const { layers, heads } = shape;
  const { nodes } = assemble({ ...shape, parallel: false }, []);
  const places = new Map(nodes.map((node, place) => [node.id, { node, place }]));
  return new Map(
    edges.map((edge) => {
      const { node } = places.get(edge.target)!;
      const branch = edge.port === 'out' ? 3 : BRANCHES.indexOf(edge.port);
      const port = ((node.layer ?? layers) * 4 + branch) * heads + (node.head ?? node.kvGroup ?? 0);
      const kind = edge.kind === 'direct' ? (layers + 1) * 4 * heads : 0;
      return [edge, (kind + port) * nodes.length + places.get(edge.source)!.place];
    }),
  );
}
