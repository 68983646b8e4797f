import type { NodeRecord } from '../../circuit/records.js';
import type { TopologyShape } from '../../circuit/topology-shape.js';

/** Distance of two layers, and of two heads of one layer. */
const STEP = 100;

/**
 * Place of a node in the layered layout, y upwards. `input` is at the bottom and `logits` on top. Between them a band
 * per layer has its heads in columns, and its MLP in a column of its own at the right. An MLP that reads the heads of
 * its layer stands half a band higher, and key/value heads under the middle of the heads that share them.
 */
export function layeredPosition(
  { kind, layer, head, kvGroup }: Pick<NodeRecord, 'kind' | 'layer' | 'head' | 'kvGroup'>,
  { layers, heads, parallel, kvPorts = heads }: TopologyShape,
): { x: number; y: number } {
  const middle = ((heads - 1) / 2) * STEP;
  switch (kind) {
    case 'input':
      return { x: middle, y: -STEP };
    case 'kv':
      return { x: (((kvGroup! + 0.5) * heads) / kvPorts - 0.5) * STEP, y: (layer! - 0.25) * STEP };
    case 'head':
      return { x: head! * STEP, y: layer! * STEP };
    case 'mlp':
      return { x: (heads + 0.5) * STEP, y: (layer! + (parallel ? 0 : 0.5)) * STEP };
    case 'logits':
      return { x: middle, y: layers * STEP };
  }
}
