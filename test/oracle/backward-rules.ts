/**
 * Backward rules as what they mean: functions that equal the model at one run and have, there, the derivative that the
 * rule asks for. In float64, for the central differences of attribution.ts.
 */
import { layerTensor } from '../../src/model/weight-table.js';
import type { OracleModel, Pass, PassRules } from './model.js';
import { activate, attentionMix, attentionPattern, layerNorm, matmul } from './ops.js';

type MakeRules = (model: OracleModel, base: Pass) => PassRules;

/** Norms with the scale of the run. */
const frozenNorms: MakeRules = ({ spec }, base) => ({
  norm: (port, x, gain, bias) => {
    const width = gain.length;
    const y = new Float64Array(x.length);
    for (let start = 0; start < x.length; start += width) {
      const average = (row: Float64Array): number => row.reduce((sum, value) => sum + value / width, 0);
      const there = base.ports[port]!.subarray(start, start + width);
      const mean = average(there);
      const variance = average(there.map((value) => (value - mean) ** 2));
      const scale = 1 / Math.sqrt(variance + spec.norm.epsilon);
      const own = x.subarray(start, start + width);
      const centre = average(own);
      own.forEach((value, i) => (y[start + i] = (value - centre) * scale * gain[i]! + bias[i]!));
    }
    return y;
  },
});

/** Activations x * gate with the gates of the run. */
const identityRule: MakeRules = (model, base) => ({
  activate: (layer, hidden) => {
    const { spec, topology } = model;
    const weight = (name: 'norm2.gain' | 'norm2.bias' | 'win' | 'bin'): Float64Array =>
      model.tensor(layerTensor(layer, name));
    const normed = layerNorm(
      base.ports[topology.mlpPort(layer)]!,
      weight('norm2.gain'),
      weight('norm2.bias'),
      spec.norm.epsilon,
    );
    const there = matmul(normed, weight('win'), weight('bin'), spec.width, spec.mlpWidth);
    return hidden.map((x, i) => (x * activate(spec.mlp!.activation, there[i]!)) / there[i]!);
  },
});

/** Patterns of the run, whatever the queries and keys. */
const frozenPatterns: MakeRules = ({ spec, topology }, base) => ({
  attend: (writer, _q, _k, v) => attentionMix(base.patterns[patternOf(topology, writer)]!, v, spec.headWidth),
});

/**
 * Queries and keys count for a quarter, values for a half, and the pattern moves by the Jacobian of softmax(scores /
 * 2).
 */
const gentleAttention: MakeRules = ({ spec, topology }, base) => ({
  attend: (writer, q, k, v) => {
    const { headWidth } = spec;
    const node = topology.writers[writer]!;
    if (node.kind !== 'head') throw new Error('not a head');
    const there = (branch: 'q' | 'k' | 'v'): Float64Array =>
      base.projections[topology.headPort(node.layer, branch, node.head)]!;
    const towards = (own: Float64Array, from: Float64Array, share: number): Float64Array =>
      own.map((x, i) => from[i]! + share * (x - from[i]!));
    const scale = spec.attention.scale[node.layer]!;
    const length = q.length / headWidth;
    const soft = attentionPattern(there('q'), there('k'), headWidth, scale / 2);
    const change = Float64Array.from({ length: length * length }, (_, at) => {
      const [i, j] = [Math.floor(at / length), at % length];
      if (j > i) return 0;
      const dot = (a: Float64Array, b: Float64Array): number => {
        let sum = 0;
        for (let c = 0; c < headWidth; c++) sum += a[i * headWidth + c]! * b[j * headWidth + c]!;
        return scale * sum;
      };
      return dot(towards(q, there('q'), 1 / 4), towards(k, there('k'), 1 / 4)) - dot(there('q'), there('k'));
    });
    const pattern = base.patterns[patternOf(topology, writer)]!.map((p, at) => {
      const i = Math.floor(at / length);
      let mean = 0;
      for (let j = 0; j <= i; j++) mean += soft[i * length + j]! * change[i * length + j]!;
      return p + soft[at]! * (change[at]! - mean);
    });
    return attentionMix(pattern, towards(v, there('v'), 1 / 2), headWidth);
  },
});

function patternOf(topology: OracleModel['topology'], writer: number): number {
  const node = topology.writers[writer]!;
  if (node.kind !== 'head') throw new Error('not a head');
  return node.layer * topology.heads + node.head;
}

const together =
  (...parts: readonly MakeRules[]): MakeRules =>
  (model, base) =>
    Object.assign({}, ...parts.map((part) => part(model, base))) as PassRules;

export const ORACLE_RULES = {
  relp: together(frozenNorms, identityRule),
  relpFrozenPatterns: together(frozenNorms, identityRule, frozenPatterns),
  gim: together(frozenNorms, gentleAttention),
} as const;
