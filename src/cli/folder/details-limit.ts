import { keptEdges, type Circuit } from '../../circuit/circuit.js';
import { circuitNodes } from '../../circuit/records.js';
import { nodeName } from '../../circuit/nodes.js';
import { estimateDetailsBytes } from '../../files/index.js';
import type { Task } from '../../task/types.js';

/** In MB. A larger details.json is written on demand only. */
export const DETAILS_LIMIT = 16;

/** A remark that details.json is left out unless it is asked for; undefined where it is small enough. */
export function detailsTooLarge({ pairs }: Pick<Task, 'pairs'>, circuit: Circuit): string | undefined {
  const nodes = circuitNodes(circuit);
  const heads = circuit.topology.writers.filter((node) => node.kind === 'head' && nodes.has(nodeName(node)));
  const bytes = estimateDetailsBytes({
    lengths: pairs.map((pair) => pair.clean.length),
    heads: heads.length,
    nodes: nodes.size - 1,
    edges: keptEdges(circuit),
  });
  if (bytes <= DETAILS_LIMIT * 1e6) return undefined;
  return `details.json would take about ${Math.round(bytes / 1e6)} MB and is left out; --details writes it`;
}
