import { EdgewiseError } from '../base/errors.js';
import { Topology } from '../circuit/topology.js';
import type { MetricName } from '../readout/metrics.js';
import type { Gpu } from '../gpu/gpu.js';
import { uploadWeights } from '../model/weights.js';
import { PatchingEvaluator } from '../evaluate/evaluator.js';
import { DEFAULT_BUDGET, planRun } from '../evaluate/memory-plan.js';
import type { ModelSpec } from '../model/spec.js';
import { smallModelLike } from './family-specs.js';
import { CHECK_CASES, CHECKED_METRICS, type CheckCase } from './cases.js';
import { checkModel } from './sample-model.js';
import { checkCircuits, checkPairs } from './samples.js';
import { REFERENCES } from './references.gen.js';

/** Largest error allowed against float64, per unit of max(1, |reference|). */
export const CHECK_TOLERANCE = 1e-4;

export interface CheckResult {
  readonly name: string;
  /** Largest error of any metric, prompt and circuit, per unit of max(1, |reference|). */
  readonly error: number;
  readonly values: number;
  readonly passed: boolean;
}

/**
 * Runs small random models through the engine on this adapter. Every metric of every prompt and circuit is compared
 * with a stored float64 value: a driver that computes wrongly is found before it is believed.
 *
 * @param model its pieces are checked as well where `scope` is short.
 * @throws EdgewiseError of kind device where `scope` is short and a value is off.
 */
export async function runSelfTest(gpu: Gpu, scope: 'short' | 'full', model?: ModelSpec): Promise<CheckResult[]> {
  const results = await compareWithReferences(gpu, scope, model);
  const wrong = results.find((result) => !result.passed);
  if (scope === 'short' && wrong) {
    const error = `error ${wrong.error.toExponential(1)} in "${wrong.name}", expected at most ${CHECK_TOLERANCE}`;
    const what = `this adapter computes wrongly: ${error}; see edgewise check`;
    throw new EdgewiseError('device', gpu.adapter, what);
  }
  return results;
}

/** The results of the self-test, good or bad. The products are computed with the tile of `gpu`. */
export async function compareWithReferences(
  gpu: Gpu,
  scope: 'short' | 'full',
  model?: ModelSpec,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const like = model && smallModelLike(model);
  const likeModel = CHECK_CASES.find(({ spec }) => spec === like);
  for (const [i, check] of CHECK_CASES.entries()) {
    if (scope === 'full' || check.short || check === likeModel) results.push(await runCase(gpu, check, REFERENCES[i]!));
  }
  return results;
}

async function runCase(gpu: Gpu, check: CheckCase, references: readonly number[]): Promise<CheckResult> {
  const { spec } = check;
  const { layers, heads, block } = spec;
  const topology = new Topology({ layers, heads, parallel: block !== 'sequential' });
  const model = await checkModel(check);
  const weights = await uploadWeights(gpu, spec, model.weights);
  try {
    const pairs = checkPairs(check);
    const circuits = checkCircuits(check, topology);
    const size = { prompts: pairs.length, sequence: check.sequence, directEdges: true, circuits: 2, resident: true };
    const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget: DEFAULT_BUDGET };
    const evaluator = await PatchingEvaluator.create(weights, topology, pairs, {
      metric: 'kl',
      ablation: check.ablation,
      input: check.input,
      shape: planRun(topology, weights.layout, size, limits).shape,
      directEdges: true,
    });
    try {
      const values = flattenChecked(await evaluator.evaluate(circuits, CHECKED_METRICS));
      let error = values.length === references.length ? 0 : Number.POSITIVE_INFINITY;
      values.forEach((value, i) => {
        const off = Math.abs(value - references[i]!) / Math.max(1, Math.abs(references[i]!));
        error = Math.max(error, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
      });
      return { name: check.name, error, values: values.length, passed: error <= CHECK_TOLERANCE };
    } finally {
      evaluator.dispose();
    }
  } finally {
    weights.dispose();
  }
}

/** Values in the order in which the references are stored: circuit, metric, prompt. */
export function flattenChecked(values: readonly Partial<Record<MetricName, readonly number[]>>[]): number[] {
  return values.flatMap((perMetric) => CHECKED_METRICS.flatMap((name) => perMetric[name]!));
}
