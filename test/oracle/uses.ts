/** What outputs write where they are used, in float64 and after the definitions. */
import { layerTensor } from '../../src/model/weight-table.js';
import type { PromptPair } from '../../src/task/types.js';
import { addedToStream, oracleBehaviour } from './behaviour.js';
import { matmul, matmulTransposed } from './ops.js';
import type { OracleModel, Pass } from './pass.js';
import { keyHead } from './sublayers.js';
import { frozenNorm, type Norm } from './weights.js';

/** Logits of a writer's output at a position through the final norm as it was there. */
export function oracleWrites(
  model: OracleModel,
  pass: Pass,
  pair: PromptPair,
  writer: number,
  position: number,
): Float64Array {
  return oracleBehaviour(model, pass, { ...pair, position }).logits[writer]!;
}

/** A sender's output at `read` through the values and the output of a head that stands at `stands`. */
export function oracleWrittenThrough(
  model: OracleModel,
  pass: Pass,
  sender: number,
  { layer, head }: { readonly layer: number; readonly head: number },
  { read, stands }: { readonly read: number; readonly stands: number },
): Float64Array {
  const { width, headWidth, preNorms, postNorms, tied } = model.spec;
  const row = (values: Float64Array, position: number): Float64Array =>
    values.subarray(position * width, (position + 1) * width);
  const gain = (norm: Norm): Norm => ({ ...norm, bias: new Float64Array(norm.gain.length) });
  const port = pass.ports[model.topology.headPort(layer, 'v', head)]!;
  const added = row(addedToStream(model, pass, sender), read);
  const normed = preNorms ? frozenNorm(added, row(port, read), gain(model.norm(layer, 'norm1'))) : added;
  const values = matmul(normed, model.headColumns(layer, 'wv', keyHead(model, head)), null, width, headWidth);
  const size = headWidth * width;
  const rows = model.tensor(layerTensor(layer, 'wo')).subarray(head * size, (head + 1) * size);
  const output = matmul(values, rows, null, headWidth, width);
  const sum = pass.normInputs.get(`postnorm1 ${layer}`);
  const written = postNorms ? frozenNorm(output, row(sum!, stands), gain(model.norm(layer, 'postnorm1'))) : output;
  const stream = row(pass.ports[model.topology.logitsPort]!, stands);
  const direction = frozenNorm(written, stream, gain(model.finalNorm));
  return matmulTransposed(direction, model.tensor(tied ? 'embed' : 'unembed'), width);
}
