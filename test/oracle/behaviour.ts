/**
 * What nodes do, in float64 and after the definitions: direct effects through the frozen final norm, and nodes' own
 * logits.
 */
import type { PromptPair } from '../../src/task/types.js';
import type { OracleModel, Pass } from './pass.js';
import { frozenNorm, normRows, type Norm } from './weights.js';

export interface OracleBehaviour {
  /**
   * Per writer: direct effect on the logit difference. With the constants they add up to it; where logits have a cap,
   * to that of the logits before it.
   */
  readonly direct: readonly number[];
  readonly constants: number;
  /** Per writer: logits of its output at the metric position through the frozen norm. */
  readonly logits: readonly Float64Array[];
}

export function oracleBehaviour(model: OracleModel, pass: Pass, pair: PromptPair): OracleBehaviour {
  const { width, vocab, tied, logitBias } = model.spec;
  const at = (values: Float64Array): Float64Array =>
    values.subarray(pair.position * width, (pair.position + 1) * width);
  const stream = at(pass.ports[model.topology.logitsPort]!);
  const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const unembed = model.tensor(tied ? 'embed' : 'unembed');
  const logit = (x: Float64Array, id: number): number =>
    x.reduce((sum, value, i) => sum + value * unembed[id * width + i]!, 0);
  const between = (value: (id: number) => number): number =>
    average(pair.correct.map(value)) - average(pair.wrong.map(value));
  const difference = (x: Float64Array): number => between((id) => logit(x, id));
  const parts = pass.writers.map((_, writer) =>
    frozenNorm(at(addedToStream(model, pass, writer)), stream, linear(model.finalNorm)),
  );
  const whole = normRows(stream, model.finalNorm);
  const written = parts.reduce((sum, part) => sum.map((x, i) => x + part[i]!), new Float64Array(width));
  const bias = logitBias ? between((id) => model.tensor('bu')[id]!) : 0;
  return {
    direct: parts.map(difference),
    constants: difference(whole.map((x, i) => x - written[i]!)) + bias,
    logits: parts.map((part) => Float64Array.from({ length: vocab }, (_, id) => logit(part, id))),
  };
}

/**
 * What a writer adds to the stream [S, d]: its output, of a head whose layer norms the sum of its heads its part of
 * that norm, at the scale of the sum. So parts add up to the stream, whatever the order in which they are taken.
 *
 * @param output of the writer, its own unless given.
 */
export function addedToStream(
  model: OracleModel,
  pass: Pass,
  writer: number,
  output: Float64Array = pass.writers[writer]!,
): Float64Array {
  const node = model.topology.writers[writer]!;
  if (!model.spec.postNorms || node.kind !== 'head') return output;
  const sum = pass.normInputs.get(`postnorm1 ${node.layer}`)!;
  return frozenNorm(output, sum, linear(model.norm(node.layer, 'postnorm1')));
}

function linear(norm: Norm): Norm {
  return { ...norm, bias: new Float64Array(norm.gain.length) };
}
