import type {
  AttributionGraph,
  AttributionLink,
  AttributionNode,
} from '../../src/files/tools/read-attribution-graph.js';
import type { CircuitData, EdgeRecord, NodeKind, NodeRecord } from './circuit-data.js';

/** An attribution graph as the viewer reads it: every link is an edge of the circuit, and has no port. */
export function toAttributionData({ nodes, links, tokens }: AttributionGraph): CircuitData {
  const edges = edgesOf(links);
  const sums = new Map<string, number>();
  const add = (id: string, effect: number | null): unknown => sums.set(id, (sums.get(id) ?? 0) + (effect ?? 0));
  const logits = new Set(nodes.filter(({ kind }) => kind === 'logit').map(({ id }) => id));
  const linked = new Set<string>();
  for (const { source, target, effect } of edges) {
    linked.add(source).add(target);
    add(source, effect);
    if (logits.has(target)) add(target, effect);
  }
  const records = nodes.map((node): NodeRecord => ({
    id: node.id,
    kind: KINDS[node.kind],
    layer: node.layer,
    head: null,
    kvGroup: null,
    position: node.position,
    inCircuit: linked.has(node.id),
    effect: sums.get(node.id) ?? 0,
    label: labelOf(node, tokens),
  }));
  return {
    layers: nodes.reduce((most, { layer }) => Math.max(most, (layer ?? -1) + 1), 0),
    heads: 0,
    parallel: false,
    tokens,
    nodes: records,
    edges,
    nodeById: new Map(records.map((node) => [node.id, node])),
    edgeById: new Map(edges.map((edge) => [edge.id, edge])),
  };
}

const KINDS = {
  embedding: 'input',
  feature: 'feature',
  error: 'error',
  logit: 'logits',
} as const satisfies Readonly<Record<AttributionNode['kind'], NodeKind>>;

/** Strongest first, equals in the order of the file, those without a weight last. Equals share the first rank. */
function edgesOf(links: readonly AttributionLink[]): EdgeRecord[] {
  const strength = ({ weight }: AttributionLink): number => (weight === null ? -1 : Math.abs(weight));
  const sorted = links.toSorted((a, b) => strength(b) - strength(a));
  let rank = 0;
  return sorted.map((link, i): EdgeRecord => {
    if (i === 0 || strength(link) !== strength(sorted[i - 1]!)) rank = i + 1;
    return {
      id: `${link.source}->${link.target}`,
      source: link.source,
      target: link.target,
      port: 'out',
      kind: 'addition',
      effect: link.weight,
      decided: link.weight,
      idle: false,
      inCircuitEffect: null,
      confidence: null,
      confidenceLow: null,
      confidenceHigh: null,
      step: null,
      rank: link.weight === null ? null : rank,
      inCircuit: true,
      pending: false,
      contrast: null,
    };
  });
}

/** The token in a logit's label: `Output " Austin" (p=0.428)`. */
export function logitToken({ label }: AttributionNode): string {
  return /^Output "(.*)" \(p=[^)]*\)$/s.exec(label)?.[1] ?? label;
}

/** The author's label, or else the token, the feature's number in its layer, or the layer whose error it is. */
function labelOf(node: AttributionNode, tokens: readonly string[]): string {
  const { label, kind, layer, position, feature } = node;
  if (kind === 'logit' && label !== '') return logitToken(node);
  if (label.trim() !== '') return label.trim();
  if (kind === 'embedding') return tokens[position]!;
  if (kind === 'logit') return 'logit';
  if (kind === 'error') return `error ${layer}`;
  return `${layer}/${featureIndex(node) ?? feature ?? '?'}`;
}

/**
 * Index of a feature in its layer. The file's own number of a feature may be a pairing of layer and index; the name of
 * a node is `layer_index_position`. Null where it is not.
 */
export function featureIndex({ id, kind, layer, position }: AttributionNode): number | null {
  const [, of, index, at] = /^(\d+)_(\d+)_(\d+)$/.exec(id) ?? [];
  return kind === 'feature' && Number(of) === layer && Number(at) === position ? Number(index) : null;
}
