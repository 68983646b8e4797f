/** Information flow in float64 (Ferrando and Voita 2024, arXiv:2403.00824), after its definition. */
import type { PromptPair } from '../../src/task/types.js';
import { addedToStream } from './behaviour.js';
import { proximity } from './gradient-ops.js';
import type { OracleModel, Pass } from './pass.js';
import { matmul } from './ops.js';
import { keyHead } from './sublayers.js';

/**
 * Per addition edge the writer's share of what brings the stream of its port about, mean over the positions up to the
 * metric's. A head's value bias is a constant of the stream, since patterns add up to 1.
 */
export function oracleFlow(model: OracleModel, pass: Pass, { position }: PromptPair): number[] {
  const { topology } = model;
  const { width } = model.spec;
  const added = pass.writers.map((_, writer) => addedToStream(model, pass, writer, withoutBias(model, pass, writer)));
  const row = (values: Float64Array, at: number): Float64Array => values.subarray(at * width, (at + 1) * width);
  return topology.ports.flatMap((_, port) => {
    const shares = Array.from({ length: topology.fanIn(port) }, () => 0);
    for (let at = 0; at <= position; at++) {
      const x = row(pass.ports[port]!, at);
      const near = shares.map((_share, writer) => Math.max(0, proximity(x, row(added[writer]!, at))));
      const all = near.reduce((sum, value) => sum + value, 0);
      near.forEach((value, writer) => (shares[writer]! += all === 0 ? 0 : value / all / (position + 1)));
    }
    return shares;
  });
}

function withoutBias(model: OracleModel, pass: Pass, writer: number): Float64Array {
  const { width, headWidth } = model.spec;
  const output = pass.writers[writer]!;
  const node = model.topology.writers[writer]!;
  const biases = node.kind === 'head' ? model.optional(node.layer, 'bv') : null;
  if (node.kind !== 'head' || biases === null) return output;
  const first = keyHead(model, node.head) * headWidth;
  const size = headWidth * width;
  const wo = model.tensor(`layers.${node.layer}.wo`).subarray(node.head * size, (node.head + 1) * size);
  const constant = matmul(biases.subarray(first, first + headWidth), wo, null, headWidth, width);
  return output.map((value, i) => value - constant[i % width]!);
}
