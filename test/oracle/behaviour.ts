/**
 * What nodes do, in float64 and after the definitions: direct effects through the frozen final norm, and nodes' own
 * logits.
 */
import type { PromptPair } from '../../src/task/types.js';
import type { OracleModel, Pass } from './model.js';
import { layerNorm } from './ops.js';

export interface OracleBehaviour {
  /** Per writer: direct effect on the logit difference. */
  readonly direct: readonly number[];
  readonly constants: number;
  /** Per writer: logits of its output at the metric position through the frozen norm. */
  readonly logits: readonly Float64Array[];
}

export function oracleBehaviour(model: OracleModel, pass: Pass, pair: PromptPair): OracleBehaviour {
  const { width, vocab, norm, tied } = model.spec;
  const at = <T extends Float64Array>(values: T): Float64Array =>
    values.subarray(pair.position * width, (pair.position + 1) * width);
  const stream = at(pass.ports[model.topology.logitsPort]!);
  const gain = model.tensor('normf.gain');
  const bias = model.tensor('normf.bias');
  const average = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
  const mean = average(stream);
  const scale = 1 / Math.sqrt(average(stream.map((x) => (x - mean) ** 2)) + norm.epsilon);
  const frozen = (x: Float64Array): Float64Array => {
    const own = average(x);
    return x.map((value, i) => (value - own) * scale * gain[i]!);
  };
  const unembed = model.tensor(tied ? 'embed' : 'unembed');
  const logit = (x: Float64Array, id: number): number =>
    x.reduce((sum, value, i) => sum + value * unembed[id * width + i]!, 0);
  const difference = (x: Float64Array): number =>
    average(pair.correct.map((id) => logit(x, id))) - average(pair.wrong.map((id) => logit(x, id)));
  const parts = pass.writers.map((writer) => frozen(at(writer)));
  const whole = layerNorm(stream, gain, bias, norm.epsilon);
  const written = parts.reduce((sum, part) => sum.map((x, i) => x + part[i]!), new Float64Array(width));
  return {
    direct: parts.map(difference),
    constants: difference(whole.map((x, i) => x - written[i]!)),
    logits: parts.map((part) => Float64Array.from({ length: vocab }, (_, id) => logit(part, id))),
  };
}
