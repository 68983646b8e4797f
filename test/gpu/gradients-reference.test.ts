/**
 * Attribution against the reference EAP-IG on a trained model, and against float64 values of the tiny checkpoints that
 * agree with it. Both divide by the number of prompts, the reference's gradient methods twice.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { SeedMetric } from '../../src/readout/metrics.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { largest, scoresOf } from '../support/attribution.js';
import { FAMILY_FIXTURES, familyFixture, familyPairs, hasFamilyFixture, sharePairs } from '../support/tasks.js';

const device = useDevice();

interface Reference {
  readonly n: number;
  readonly edge_order: readonly string[];
  readonly baseline_clean_mean: number;
  readonly baseline_corrupted_mean: number;
  readonly methods: Readonly<
    Record<string, { readonly scores: readonly number[]; readonly evals?: readonly StoredCircuit[] } | undefined>
  >;
}

/** A circuit that the reference chose and measured; `edges_in` are indices into `edge_order`, kept for small ones. */
interface StoredCircuit {
  readonly mode: string;
  readonly n: number;
  readonly metric: number;
  readonly faithfulness: number;
  readonly edges_in: readonly number[] | null;
}

/** Vocabulary of share4l, by which the reference divides its KL divergence. */
const VOCAB = 275;

const METHODS = [
  ['EAP', { method: 'eap' }],
  ['EAP-IG-inputs', { method: 'eap-ig-inputs', stepRule: 'left' }],
  ['clean-corrupted', { method: 'clean-corrupted' }],
  ['information-flow-routes', { method: 'information-flow' }],
] as const;

const RUNS: readonly (readonly [string, string, SeedMetric, number])[] = [
  ['ioi.logit_diff', 'ioi.jsonl', 'logit-diff', 5],
  ['gt.prob_diff', 'greater_than.jsonl', 'prob-diff', 5],
  ['ind.logit_diff', 'induction.jsonl', 'logit-diff', 5],
  ['ioi.logit_diff.ig30', 'ioi.jsonl', 'logit-diff', 30],
  ['ioi.kl', 'ioi.jsonl', 'kl', 5],
];

describe('share4l', () => {
  let model: DeviceModel;
  beforeAll(async () => {
    model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture('share4l'))));
  });
  afterAll(() => model?.weights.dispose());

  describe.each(RUNS)('%s', (name, task, metric, steps) => {
    const path = `share4l/reference/eap-ig/${name}.json`;
    const long = steps > 5 && process.env['EDGEWISE_ALL_RUNS'] !== '1';
    test.skipIf(long || !existsSync(fixture(path)))('scores of every edge', async () => {
      const reference = await fixtureJson<Reference>(path);
      const pairs = await sharePairs(task, reference.n);
      const edges = reference.edge_order.map((edge) => model.topology.edgeId(edge)!);
      expect(new Set(edges).size).toBe(model.topology.additionEdges);
      let compared = 0;
      for (const [key, options] of METHODS) {
        const stored = reference.methods[key];
        if (!stored || (metric === 'kl' && key !== 'EAP-IG-inputs')) continue;
        const factor = key === 'information-flow-routes' ? 1 : reference.n * (metric === 'kl' ? VOCAB : 1);
        const wanted = stored.scores.map((score) => factor * score);
        const points = options.method === 'eap-ig-inputs' ? { steps } : {};
        const scores = await scoresOf(model, pairs, { ...options, metric, ...points });
        const got = edges.map((id) => scores[id]!);
        expectClose(`${name} ${key}`, got, wanted, 1e-5 * largest(wanted));
        compared++;
      }
      expect(compared).toBeGreaterThan(0);
    });

    test.skipIf(long || !existsSync(fixture(path)))('the metric and faithfulness of stored circuits', async () => {
      const reference = await fixtureJson<Reference>(path);
      const { topology } = model;
      const ids = reference.edge_order.map((edge) => topology.edgeId(edge)!);
      const stored = Object.values(reference.methods)
        .flatMap((method) => method?.evals ?? [])
        .filter(({ edges_in: kept }) => kept !== null);
      expect(stored.length).toBeGreaterThan(10);
      const direct = [...EdgeSet.empty(topology)];
      const circuits = stored.map(({ edges_in: kept }) =>
        EdgeSet.of(topology, [...direct, ...kept!.map((i) => ids[i]!)]),
      );
      const all = [EdgeSet.full(topology), EdgeSet.empty(topology), ...circuits];
      const pairs = await sharePairs(task, reference.n);
      const values = await withEvaluator(model, pairs, { metric }, (evaluator) => evaluator.perPrompt(all));
      // The reference measures what is to be large, but for the divergence, which it divides by the vocabulary.
      const means = values.map((perPrompt) => (metric === 'kl' ? mean(perPrompt) / VOCAB : 0 - mean(perPrompt)));
      const [clean, corrupted, ...measured] = means as [number, number, ...number[]];
      if (metric !== 'kl') expectClose('whole model', [clean], [reference.baseline_clean_mean], 5e-5);
      if (metric !== 'kl') expectClose('empty circuit', [corrupted], [reference.baseline_corrupted_mean], 5e-5);
      const wanted = stored.map((circuit) => circuit.metric);
      expectClose('metric', measured, wanted, 5e-5);
      if (metric === 'kl') return; // its baselines are the corrupted run's own
      const faithful = measured.map((value) => (value - corrupted) / (clean - corrupted));
      const wantedFaithful = stored.map((circuit) => circuit.faithfulness);
      expectClose('faithfulness', faithful, wantedFaithful, 5e-5);
    });
  });
});

describe.each(FAMILY_FIXTURES)('%s', (name) => {
  test.skipIf(!hasFamilyFixture(name))('eap and eap-ig-inputs', async () => {
    const model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture(`families/${name}`))));
    try {
      const expected = await familyFixture(name);
      const edges = expected.edges.map((edge) => model.topology.edgeId(edge)!);
      const right = { method: 'eap-ig-inputs', stepRule: 'right' } as const;
      // Where norms come after the heads, the reference's scores leave them out; the derivative goes through them.
      const runs = model.weights.spec.postNorms
        ? ([
            ['eap_through_norm', { method: 'eap' }],
            ['eap_ig_right_k5_through_norm', right],
          ] as const)
        : ([
            ['eap', { method: 'eap' }],
            ['eap_ig_right_k5', right],
            ['eap_ig_left_k5', { method: 'eap-ig-inputs', stepRule: 'left' }],
          ] as const);
      for (const [key, options] of runs) {
        const scores = await scoresOf(model, familyPairs(expected), options);
        const got = edges.map((id) => scores[id]!);
        expectClose(`${name} ${key}`, got, expected[key]!, 1e-5 * Math.max(1, largest(expected[key]!)));
      }
    } finally {
      model.weights.dispose();
    }
  });
});
