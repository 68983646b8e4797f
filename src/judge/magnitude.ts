import { BRANCHES } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import type { LoadedModel } from '../model/load-model.js';
import { layerTensor } from '../model/weight-table.js';

/**
 * How strong each addition edge is by the weights alone: the Frobenius norm of what its sender writes with (a head's
 * rows of W_O, W_out of an MLP, the embedding) times that of what its receiver reads with (a head's columns of W_Q, W_K
 * or W_V, W_in, the unembedding). It knows nothing of any task: a baseline. Cost: every weight is read once.
 *
 * @returns [edgeCount], by edge id; NaN for direct edges.
 */
export async function edgeMagnitudes({ spec, weights }: LoadedModel, topology: Topology): Promise<Float64Array> {
  const { layers, heads, headWidth } = spec;
  const writes = new Float64Array(topology.writers.length);
  const reads = new Float64Array(topology.ports.length);
  const embed = norm(await weights.read('embed'));
  writes[0] = embed;
  reads[topology.logitsPort] = spec.tied ? embed : norm(await weights.read('unembed'));
  for (let layer = 0; layer < layers; layer++) {
    const out = await weights.read(layerTensor(layer, 'wo'));
    const size = out.length / heads;
    for (let head = 0; head < heads; head++) {
      writes[topology.headWriter(layer, head)] = norm(out.subarray(head * size, (head + 1) * size));
    }
    for (const branch of BRANCHES) {
      const matrix = await weights.read(layerTensor(layer, `w${branch}`));
      const norms = columnNorms(matrix, spec.width, headWidth);
      // Where heads share keys and values, each reads with its group's.
      const group = heads / norms.length;
      for (let head = 0; head < heads; head++) {
        reads[topology.headPort(layer, branch, head)] = norms[Math.floor(head / group)]!;
      }
    }
    for (const port of topology.mlpPorts(layer)) {
      reads[port] = norm(await weights.read(layerTensor(layer, 'win')));
      writes[topology.mlpWriter(layer)] = norm(await weights.read(layerTensor(layer, 'wout')));
    }
  }
  const magnitudes = new Float64Array(topology.edgeCount).fill(Number.NaN);
  topology.ports.forEach((_, port) => {
    const first = topology.firstEdge(port);
    for (let w = 0; w < topology.fanIn(port); w++) magnitudes[first + w] = writes[w]! * reads[port]!;
  });
  return magnitudes;
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
}

/** Of each block of columns. @param matrix [rows, blocks x columns], row-major. */
function columnNorms(matrix: Float32Array, rows: number, columns: number): number[] {
  const width = matrix.length / rows;
  const squares = Array.from({ length: width / columns }, () => 0);
  matrix.forEach((value, i) => (squares[Math.floor((i % width) / columns)]! += value ** 2));
  return squares.map(Math.sqrt);
}
