import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import type { Selection } from './selection.js';

export interface IncidentEdge {
  readonly edge: EdgeRecord;
  /** |effect| / sum of |effect| on the same side of the node, 0..1. */
  readonly share: number;
}

/** Edges on one side of a node. Each list is strongest first. */
export interface IncidentSide {
  readonly helps: readonly IncidentEdge[];
  readonly hurts: readonly IncidentEdge[];
  /** Edges with an effect of zero, and edges that were not measured. */
  readonly neutral: readonly IncidentEdge[];
}

/**
 * The shown edges at a node, or at several nodes that are drawn as one. Edges between the nodes are left out. The
 * direct edges of a head are incoming: they carry the head's own input.
 */
export function incidentEdges(
  data: CircuitData,
  selection: Selection,
  node: string | readonly string[],
): { readonly incoming: IncidentSide; readonly outgoing: IncidentSide } {
  const members = new Set((typeof node === 'string' ? [node] : node).filter((name) => data.nodeById.has(name)));
  const incoming: EdgeRecord[] = [];
  const outgoing: EdgeRecord[] = [];
  for (const edge of selection.edges) {
    const from = members.has(edge.source);
    const to = members.has(edge.target);
    if (to && (!from || edge.kind === 'direct')) incoming.push(edge);
    else if (from && !to) outgoing.push(edge);
  }
  return { incoming: sideOf(incoming), outgoing: sideOf(outgoing) };
}

function sideOf(edges: readonly EdgeRecord[]): IncidentSide {
  const total = edges.reduce((sum, { effect }) => sum + Math.abs(effect ?? 0), 0);
  const listed = edges.map((edge) => ({ edge, share: total > 0 ? Math.abs(edge.effect ?? 0) / total : 0 }));
  listed.sort((a, b) => b.share - a.share);
  return {
    helps: listed.filter(({ edge }) => (edge.effect ?? 0) > 0),
    hurts: listed.filter(({ edge }) => (edge.effect ?? 0) < 0),
    neutral: listed.filter(({ edge }) => (edge.effect ?? 0) === 0),
  };
}
