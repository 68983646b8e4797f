import { Graph, layout } from '@dagrejs/dagre';
import type { DisplayGraph } from '../scene.js';

export interface Ranking {
  /** Rank of each node, from the bottom. A rank may have no node. */
  readonly ranks: ReadonlyMap<string, number>;
  /** Ranks that have a node. */
  readonly filled: ReadonlySet<number>;
  /**
   * Dagre's order within a rank, by JSON: of `[node]`, or of `[edge, rank]` where an edge passes a rank between its
   * ends.
   */
  readonly orders: ReadonlyMap<string, number>;
}

/** Ranks that make the edges together as short as can be (network simplex), and a first order within each rank. */
export function rankNodes(display: DisplayGraph): Ranking {
  const graph = dagreGraph(display);
  const ranks = new Map<string, number>();
  const orders = new Map<string, number>();
  layout(graph, {
    customOrder: (rows, order) => {
      order(rows);
      for (const id of rows.nodes()) {
        const { rank, order: at, dummy, edgeObj } = rows.node(id);
        if (typeof rank !== 'number' || typeof at !== 'number') continue;
        if (!dummy) ranks.set(id, rank);
        orders.set(JSON.stringify(dummy ? [edgeObj?.name, rank] : [id]), at);
      }
    },
  });
  return { ranks, filled: new Set(ranks.values()), orders };
}

function dagreGraph(display: DisplayGraph): Graph {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'BT', ranker: 'network-simplex' });
  graph.setDefaultNodeLabel(() => ({}));
  display.forEachNode((id, { box }) => graph.setNode(id, { width: box![0], height: box![1] }));
  display.forEachEdge((id, _, source, target) => {
    if (source !== target) graph.setEdge(source, target, { width: 0, height: 0 }, id);
  });
  // An edge of weight 0 pulls at nothing. Such edges keep every node above `input` and below `logits`.
  const tie = (source: string, target: string) => {
    const both = source !== target && display.hasNode(source) && display.hasNode(target);
    if (both) graph.setEdge(source, target, { width: 0, height: 0, weight: 0 }, 'tie');
  };
  display.forEachNode((id) => {
    if (display.inDegree(id) === 0 && id !== 'logits') tie('input', id);
    if (display.outDegree(id) === 0 && id !== 'input') tie(id, 'logits');
  });
  return graph;
}
