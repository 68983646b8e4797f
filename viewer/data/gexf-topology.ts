import { EdgewiseError } from '../../src/base/errors.js';
import { Topology, type TopologyShape } from '../../src/circuit/topology.js';
import { quote } from '../../src/base/text.js';

/** Layers or heads beyond it are no transformer's; a hostile file must not fill the memory. */
const MOST = 512;

interface Hints {
  /** Names of the edges, which must exist. */
  readonly edges: readonly string[];
  /** Number of edges that the circuit was chosen from, where the file says so. */
  readonly candidates: number | null;
  /** Direct edges are among those. */
  readonly direct: boolean;
  readonly source: string;
}

/**
 * The topology of a circuit of which only names are known. A file with the kept nodes alone does not show the layers and
 * heads above them: the number of candidate edges does. Without it the largest layer and head count as the last ones.
 *
 * @throws EdgewiseError kind `circuit` at the first name that is no node's.
 */
export function topologyOfNames(nodes: readonly string[], hints: Hints): Topology {
  const least = leastShape(nodes, hints.source);
  const parallels = hints.edges.some(feedsOwnMlp) ? [false] : [false, true];
  const { candidates } = hints;
  if (candidates !== null) {
    for (const parallel of parallels) {
      for (
        let layers = least.layers;
        layers <= MOST && edgesIn({ layers, heads: 1, parallel }, hints) <= candidates;
        layers++
      ) {
        for (let heads = least.heads; heads <= MOST; heads++) {
          const count = edgesIn({ layers, heads, parallel }, hints);
          if (count === candidates) return new Topology({ layers, heads, parallel });
          if (count > candidates) break;
        }
      }
    }
  }
  return new Topology({ ...least, parallel: false });
}

function leastShape(nodes: readonly string[], source: string): { layers: number; heads: number } {
  let [layers, heads] = [1, 1];
  for (const node of nodes) {
    if (node === 'input' || node === 'logits') continue;
    const match = /^(?:a(\d{1,4})\.h(\d{1,4})|m(\d{1,4}))$/.exec(node);
    const layer = Number(match?.[1] ?? match?.[3]);
    const head = Number(match?.[2] ?? 0);
    if (!(layer < MOST && head < MOST)) {
      const what = `node ${quote(node)}: expected a name such as a9.h9, m3, input or logits`;
      throw new EdgewiseError('circuit', source, what);
    }
    layers = Math.max(layers, layer + 1);
    heads = Math.max(heads, head + 1);
  }
  return { layers, heads };
}

/** Number of candidate edges, as the topology counts them. */
function edgesIn({ layers, heads, parallel }: TopologyShape, { direct }: Hints): number {
  let count = 1 + layers * (heads + 1);
  for (let layer = 0; layer < layers; layer++) {
    const before = 1 + layer * (heads + 1);
    count += 3 * heads * before + before + (parallel ? 0 : heads);
  }
  return count + (direct ? 3 * layers * heads : 0);
}

/** `a3.h0->m3`, which a parallel model does not have. */
function feedsOwnMlp(edge: string): boolean {
  const match = /^a(\d+)\.h\d+->m(\d+)$/.exec(edge);
  return match !== null && match[1] === match[2];
}
