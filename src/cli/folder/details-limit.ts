import { keptEdges, type Circuit } from '../../circuit/circuit.js';
import { circuitNodes } from '../../circuit/records.js';
import { nodeName, isAttentionPort } from '../../circuit/nodes.js';
import { estimateDetailsBytes, LARGE_DETAILS } from '../../files/index.js';
import type { Task } from '../../task/types.js';

/** In MB. A larger details.json is written on demand only. */
export const DETAILS_LIMIT = LARGE_DETAILS / 1e6;

/** A remark that details.json is left out unless it is asked for; undefined where it is small enough. */
export function detailsTooLarge({ pairs }: Pick<Task, 'pairs'>, circuit: Circuit): string | undefined {
  const { topology, kept } = circuit;
  const nodes = circuitNodes(circuit);
  const heads = topology.writers.filter((node) => node.kind === 'head' && nodes.has(nodeName(node)));
  const into = (branches: readonly string[]): number =>
    [...kept].filter((id) => {
      const edge = topology.edge(id);
      const port = topology.ports[edge.port]!;
      return edge.kind === 'addition' && isAttentionPort(port) && branches.includes(port.branch);
    }).length;
  const bytes = estimateDetailsBytes({
    lengths: pairs.map((pair) => pair.clean.length),
    heads: heads.length,
    nodes: nodes.size - 1,
    effectLists: 2 * keptEdges(circuit),
    patternReads: into(['q', 'k']),
    valueEdges: into(['v']),
  });
  if (bytes <= DETAILS_LIMIT * 1e6) return undefined;
  return `details.json would take about ${Math.round(bytes / 1e6)} MB and is left out; --details writes it`;
}
