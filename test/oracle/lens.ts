/** What a lens run finds, in float64 and after the definitions. */
import { layerTensor } from '../../src/model/weight-table.js';
import type { PromptPair } from '../../src/task/types.js';
import { addedToStream } from './behaviour.js';
import { activateAll, logSumExp, matmul, matmulTransposed, softcap } from './ops.js';
import type { OracleModel, Pass } from './pass.js';
import { rotaryFrequencies, rotate } from './rotary.js';
import { keyHead, mlpHidden } from './sublayers.js';
import { frozenNorm, normRows, type Norm } from './weights.js';

/** Row `position` of rows of the model's width. */
const rowAt = ({ spec }: OracleModel, rows: Float64Array, position: number): Float64Array =>
  rows.subarray(position * spec.width, (position + 1) * spec.width);

const withoutBias = (norm: Norm): Norm => ({ ...norm, bias: new Float64Array(norm.gain.length) });

const unembed = (model: OracleModel): Float64Array => model.tensor(model.spec.tied ? 'embed' : 'unembed');

/** The stream before each layer, and after the last, at a position. */
export function oracleStreams(model: OracleModel, pass: Pass, position: number): Float64Array[] {
  const { topology, spec } = model;
  const ports = Array.from({ length: spec.layers }, (_, layer) => topology.headPort(layer, 'q', 0));
  return [...ports, topology.logitsPort].map((port) => rowAt(model, pass.ports[port]!, position));
}

/** Logits of rows of the stream through the final norm, biases and cap. */
export function oracleLensLogits(model: OracleModel, stream: Float64Array): Float64Array {
  const { spec, finalNorm } = model;
  const logits = matmulTransposed(normRows(stream, finalNorm), unembed(model), spec.width);
  const biases = spec.logitBias ? model.tensor('bu') : null;
  return logits.map((logit, id) => softcap(logit + (biases?.[id] ?? 0), spec.logitSoftcap));
}

export function logProbability(logits: Float64Array, ids: readonly number[]): number {
  return logSumExp(ids.map((id) => logits[id]!)) - logSumExp(logits);
}

/** What a row adds to the logit difference, through the final norm with the scale of the whole stream. */
function differenceOf(model: OracleModel, row: Float64Array, stream: Float64Array, pair: PromptPair): number {
  const through = frozenNorm(row, stream, withoutBias(model.finalNorm));
  return between(pair, (id) => through.reduce((sum, x, i) => sum + x * unembed(model)[id * row.length + i]!, 0));
}

function between({ correct, wrong }: PromptPair, value: (id: number) => number): number {
  const average = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + value(id), 0) / ids.length;
  return average(correct) - average(wrong);
}

/** By name of a component what it adds to the logit difference, and the difference itself, before a cap. */
export function oracleAttribution(
  model: OracleModel,
  pass: Pass,
  pair: PromptPair,
): { readonly parts: ReadonlyMap<string, number>; readonly total: number } {
  const { spec, topology, finalNorm } = model;
  const stream = oracleStreams(model, pass, pair.position).at(-1)!;
  const parts = new Map<string, number>();
  topology.writers.forEach((_, writer) => {
    const row = rowAt(model, addedToStream(model, pass, writer), pair.position);
    parts.set(topology.writerName(writer), differenceOf(model, row, stream, pair));
  });
  if (spec.positions.kind === 'learned') {
    parts.set('position', differenceOf(model, rowAt(model, model.tensor('positions'), pair.position), stream, pair));
  }
  for (let layer = 0; layer < spec.layers; layer++) {
    const bias = model.optional(layer, 'bo');
    if (!bias) continue;
    const sum = pass.normInputs.get(`postnorm1 ${layer}`);
    const added = sum
      ? frozenNorm(bias, rowAt(model, sum, pair.position), withoutBias(model.norm(layer, 'postnorm1')))
      : bias;
    parts.set(`b_O.${layer}`, differenceOf(model, added, stream, pair));
  }
  const ofToken = (id: number, row: Float64Array): number =>
    row.reduce((sum, x, i) => sum + x * unembed(model)[id * row.length + i]!, 0);
  if (spec.norm.kind === 'layer')
    parts.set(
      'ln_f.bias',
      between(pair, (id) => ofToken(id, finalNorm.bias)),
    );
  const biases = spec.logitBias ? model.tensor('bu') : null;
  if (biases)
    parts.set(
      'b_U',
      between(pair, (id) => biases[id]!),
    );
  const normed = normRows(stream, finalNorm);
  return { parts, total: between(pair, (id) => ofToken(id, normed) + (biases?.[id] ?? 0)) };
}

/** A neuron at a position: its coefficient, and what it adds to the stream, at the scale of a norm after the MLP. */
export function oracleNeuron(
  model: OracleModel,
  pass: Pass,
  layer: number,
  neuron: number,
  position: number,
): { readonly coefficient: number; readonly value: Float64Array; readonly added: Float64Array } {
  const { spec } = model;
  const { hidden, up } = mlpHidden(model, layer, rowAt(model, pass.mlpInputs[layer]!, position));
  const active = activateAll(spec.mlp!.activation, hidden)[neuron]!;
  const coefficient = up ? active * up[neuron]! : active;
  const value = rowAt(model, model.tensor(layerTensor(layer, 'wout')), neuron);
  const scaled = value.map((x) => x * coefficient);
  const sum = pass.normInputs.get(`postnorm2 ${layer}`);
  const added = sum
    ? frozenNorm(scaled, rowAt(model, sum, position), withoutBias(model.norm(layer, 'postnorm2')))
    : scaled;
  return { coefficient, value, added };
}

/** What a neuron adds to the logit difference. */
export function oracleNeuronEffect(
  model: OracleModel,
  pass: Pass,
  layer: number,
  neuron: number,
  pair: PromptPair,
): number {
  const stream = oracleStreams(model, pass, pair.position).at(-1)!;
  return differenceOf(model, oracleNeuron(model, pass, layer, neuron, pair.position).added, stream, pair);
}

/** The logits of a value vector through the gains alone. */
export function oracleNeuronLogits(model: OracleModel, layer: number, value: Float64Array): Float64Array {
  const { spec, finalNorm } = model;
  const after = spec.postNorms ? model.norm(layer, 'postnorm2').gain : null;
  const row = value.map((x, i) => x * (after?.[i] ?? 1) * finalNorm.gain[i]!);
  return matmulTransposed(row, unembed(model), spec.width);
}

/** Scores of a head from word to word by its weights: [query, key]. */
export function oracleQk(
  model: OracleModel,
  layer: number,
  head: number,
  words: readonly number[],
  distance: number,
): Float64Array {
  const { spec } = model;
  const { width, headWidth, attention, positions } = spec;
  const before = spec.preNorms ? model.norm(layer, 'norm1').gain : null;
  const project = (branch: 'q' | 'k', word: number): Float64Array => {
    const own = branch === 'q' ? head : keyHead(model, head);
    const row = rowAt(model, model.tensor('embed'), word).map((x, i) => x * spec.embeddingScale * (before?.[i] ?? 1));
    const projected = matmul(row, model.headColumns(layer, `w${branch}`, own), null, width, headWidth);
    if (!attention.qkNorm) return projected;
    const { gain } = model.norm(layer, `${branch}norm`);
    const first = attention.qkNorm.over === 'head' ? 0 : own * headWidth;
    return projected.map((x, i) => x * gain[first + i]!);
  };
  const frequencies =
    positions.kind === 'rotary'
      ? rotaryFrequencies(positions.dims, attention.window[layer] === null ? positions.global : positions.local)
      : [];
  const turned = (row: Float64Array): Float64Array => {
    // The row at position `distance`, after as many empty ones.
    const rows = new Float64Array((distance + 1) * headWidth);
    rows.set(row, distance * headWidth);
    return rotate(rows, headWidth, frequencies).subarray(distance * headWidth);
  };
  const queries = words.map((word) => turned(project('q', word)));
  const keys = words.map((word) => project('k', word));
  return Float64Array.from(
    queries.flatMap((q) => keys.map((k) => attention.scale[layer]! * q.reduce((sum, x, i) => sum + x * k[i]!, 0))),
  );
}
