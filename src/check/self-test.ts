import { EdgewiseError } from '../base/errors.js';
import { Topology } from '../circuit/topology.js';
import type { MetricName } from '../readout/metrics.js';
import type { Gpu } from '../gpu/gpu.js';
import { uploadWeights, type ModelWeights } from '../model/weights.js';
import { attribute } from '../attribute/attribution.js';
import type { WeightReader } from '../model/load-model.js';
import { deviceBytes } from '../model/weight-storage.js';
import { PatchingEvaluator } from '../evaluate/evaluator.js';
import { DEFAULT_BUDGET, planRun } from '../evaluate/memory-plan.js';
import type { ModelSpec } from '../model/spec.js';
import { smallModelLike } from './family-specs.js';
import { CHECK_CASES, CHECKED_GRADIENT, CHECKED_METRICS, type CheckCase } from './cases.js';
import { checkModel } from './sample-model.js';
import { checkCircuits, checkPairs } from './samples.js';
import { REFERENCES, type CheckReference } from './references.gen.js';

/** Largest error allowed against float64, in the unit of CheckResult.error. */
export const CHECK_TOLERANCE = 1e-4;

export interface CheckResult {
  readonly name: string;
  /**
   * Largest error of any metric, prompt and circuit, per unit of max(1, |reference|). Of gradients: largest error of
   * any edge's score, per unit of the largest score.
   */
  readonly error: number;
  readonly values: number;
  readonly passed: boolean;
}

/** Which pieces and storage of weights a model has: what the short self-test is to cover. */
export interface CheckedModel {
  readonly spec: ModelSpec;
  readonly weights: Pick<WeightReader, 'storage'>;
}

/** Which cases a self-test takes, and whether it takes their gradients. */
export interface CheckScope {
  readonly cases: 'short' | 'full';
  readonly gradients: boolean;
  /** Cases with its pieces and its storage belong to the short self-test. */
  readonly model?: CheckedModel;
}

/**
 * The short self-test before a run: small random models through the engine on this adapter. Every metric of every
 * prompt and circuit is compared with a stored float64 value: a driver that computes wrongly is found before it is
 * believed. Gradients are left to `edgewise check`: their pipelines take longer to build than a small run.
 *
 * @throws EdgewiseError of kind device where a value is off.
 */
export async function runSelfTest(gpu: Gpu, model?: CheckedModel): Promise<void> {
  const results = await compareWithReferences(gpu, { cases: 'short', gradients: false, ...(model && { model }) });
  const wrong = results.find((result) => !result.passed);
  if (!wrong) return;
  const error = `error ${wrong.error.toExponential(1)} in "${wrong.name}", expected at most ${CHECK_TOLERANCE}`;
  throw new EdgewiseError('device', gpu.adapter, `this adapter computes wrongly: ${error}; see edgewise check`);
}

/** The results of a self-test, good or bad. The products are computed with the tile of `gpu`. */
export async function compareWithReferences(gpu: Gpu, { cases, gradients, model }: CheckScope): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const taken = new Set(cases === 'full' ? CHECK_CASES : shortCases(model));
  for (const [i, check] of CHECK_CASES.entries()) {
    if (taken.has(check)) results.push(...(await runCase(gpu, check, gradients, REFERENCES[i]!)));
  }
  return results;
}

/** The cases of the short self-test: one for the pieces of the model, and one for its 16-bit weights. */
export function shortCases(model: CheckedModel | undefined): CheckCase[] {
  const always = CHECK_CASES.filter(({ short }) => short);
  if (!model) return always;
  const like = smallModelLike(model.spec);
  const storages = [...deviceBytes(model.spec, model.weights).keys()].filter((storage) => storage !== 'f32');
  const stored = storages.map((wanted) => CHECK_CASES.find(({ storage }) => storage === wanted)!);
  // A case in 16 bits has pieces, too.
  const hasPieces = like === null || stored.some(({ spec }) => spec === like);
  return [...always, ...stored, ...(hasPieces ? [] : [CHECK_CASES.find(({ spec }) => spec === like)!])];
}

async function runCase(
  gpu: Gpu,
  check: CheckCase,
  gradients: boolean,
  { metrics, scores }: CheckReference,
): Promise<CheckResult[]> {
  const { spec, name } = check;
  const { layers, heads, block } = spec;
  const topology = new Topology({ layers, heads, parallel: block !== 'sequential' });
  const model = await checkModel(check);
  const weights = await uploadWeights(gpu, spec, model.weights);
  try {
    const values = await metricsOf(check, weights, topology);
    const results = [compared(name, values, metrics, (reference) => Math.max(1, Math.abs(reference)))];
    if (gradients && scores) {
      const { ablation, input } = check;
      const options = { method: 'eap', metric: CHECKED_GRADIENT, ablation, input } as const;
      const { edges } = await attribute(weights, topology, checkPairs(check), options);
      const largest = scores.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
      results.push(compared(`${name}: gradients`, [...edges], scores, () => largest));
    }
    return results;
  } finally {
    weights.dispose();
  }
}

async function metricsOf(check: CheckCase, weights: ModelWeights, topology: Topology): Promise<number[]> {
  const { gpu, layout } = weights;
  const pairs = checkPairs(check);
  const size = { prompts: pairs.length, sequence: check.sequence, directEdges: true, circuits: 2, resident: true };
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget: DEFAULT_BUDGET };
  const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
    metric: 'kl',
    ablation: check.ablation,
    input: check.input,
    shape: planRun(topology, layout, size, limits).shape,
    directEdges: true,
  });
  try {
    return flattenChecked(await evaluator.evaluate(checkCircuits(check, topology), CHECKED_METRICS));
  } finally {
    evaluator.dispose();
  }
}

/** @param unit of the error, by the reference. */
function compared(
  name: string,
  values: readonly number[],
  references: readonly number[],
  unit: (reference: number) => number,
): CheckResult {
  let error = values.length === references.length ? 0 : Number.POSITIVE_INFINITY;
  values.forEach((value, i) => {
    const off = Math.abs(value - references[i]!) / unit(references[i]!);
    error = Math.max(error, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
  });
  return { name, error, values: values.length, passed: error <= CHECK_TOLERANCE };
}

/** Values in the order in which the references are stored: circuit, metric, prompt. */
export function flattenChecked(values: readonly Partial<Record<MetricName, readonly number[]>>[]): number[] {
  return values.flatMap((perMetric) => CHECKED_METRICS.flatMap((name) => perMetric[name]!));
}
