/** Tracing, patching and knockout against stored float64 results: every leaf of their files. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patchActivations } from '../../src/instruments/activation-patching.js';
import { traceCauses } from '../../src/instruments/causal-tracing.js';
import { knockOut } from '../../src/instruments/knockout.js';
import { patchPath } from '../../src/instruments/path-patching.js';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { MetricName } from '../../src/readout/metrics.js';
import { uploadModel, type DeviceModel } from '../support/evaluators.js';
import { expectEveryLeaf, type Tolerance } from '../support/every-leaf.js';
import { fixture, fixtureJson, sharedFixtures } from '../support/fixtures.js';
import { useDevice } from '../support/gpu.js';
import { sharePairs } from '../support/tasks.js';

const METRICS: Readonly<Record<string, MetricName>> = { logit_diff: 'logit-diff', prob_diff: 'prob-diff' };
const TASKS = ['ioi', 'greater_than', 'induction'] as const;
const budget = DEFAULT_BUDGET;

const device = useDevice();
let model: DeviceModel;
beforeAll(async () => {
  model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture('share4l'))));
});
afterAll(() => model?.weights.dispose());

/** ioi is always run; the other tasks take minutes more on a software adapter. */
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';
const isRun = (path: string): boolean =>
  path.includes('ioi') ? existsSync(fixture(path)) : ALL_RUNS && sharedFixtures !== undefined;

/** Logits and metrics within 1e-4, probabilities 1e-5, normalised effects 5e-5. Files say who they are of in words. */
const tolerance: Tolerance = (path) => {
  if (/(^|\.)(layout|model|task|query)$/.test(path)) return undefined;
  if (/normalised/.test(path)) return 5e-5;
  return /(^|\.)(p|p_relative|p_per_prompt|high|low|embed|resid_post|mlp_out|attn_out)(\.|$)/.test(path) ? 1e-5 : 1e-4;
};

interface TracingCase {
  readonly row: number;
  readonly ids: readonly number[];
  readonly noised_positions: readonly [number, number];
  readonly noise: readonly (readonly (readonly number[])[])[];
}

describe.each(TASKS)('causal tracing, %s', (task) => {
  const path = `share4l/reference/tracing/causal.${task}.json`;
  test.skipIf(!isRun(path))('is that of the reference', { timeout: 300_000 }, async () => {
    const { cases } = await fixtureJson<{ cases: TracingCase[] }>(path);
    const pairs = await sharePairs(`${task}.jsonl`, 64);
    for (const reference of cases) {
      const {
        row,
        noised_positions: [begin, end],
        noise,
      } = reference;
      const { clean: ids, position } = pairs[row]!;
      const noised = Array.from({ length: end - begin }, (_, i) => begin + i);
      const samples = noise.map((sample) => Float32Array.from(sample.flat()));
      const prompt = { ids, position, noised, noise: samples };
      const got = await traceCauses(model.weights, model.topology, prompt, { windows: [1, 3], budget });
      // The case itself, its draws, and texts, which a tokenizer gives.
      const given = /^(row|tokens|answer_token|noised_positions|noise)(\.|$)/;
      expectEveryLeaf(reference, { ...got, ids }, (leaf) => (given.test(leaf) ? undefined : tolerance(leaf)));
    }
  });
});

interface PatchingReference {
  readonly metric: string;
  readonly rows: readonly [number, number];
}

describe.each(TASKS)('activation patching, %s', (task) => {
  const path = `share4l/reference/tracing/patching.${task}.json`;
  test.skipIf(!isRun(path))('is that of the reference in both directions', { timeout: 300_000 }, async () => {
    const reference = await fixtureJson<PatchingReference>(path);
    const pairs = (await sharePairs(`${task}.jsonl`, reference.rows[1])).slice(reference.rows[0]);
    const metric = METRICS[reference.metric]!;
    const patched = async (direction: 'denoising' | 'noising') =>
      patchActivations(model.weights, model.topology, pairs, { direction, metric, budget });
    const [denoising, noising] = [await patched('denoising'), await patched('noising')];
    const { clean, corrupted } = denoising;
    const got = { metric: reference.metric, rows: reference.rows, clean, corrupted, denoising, noising };
    expectEveryLeaf(reference, got, tolerance);
  });
});

interface PathReference {
  readonly rows: readonly [number, number];
  readonly examples: readonly {
    readonly senders: readonly string[];
    readonly receivers: readonly string[];
    readonly cut_edges_effect: number;
    readonly frozen_equals_cut_edges: boolean;
  }[];
}

test.skipIf(!isRun('share4l/reference/tracing/path_patching.ioi.json'))(
  'path patching is that of the reference, with free and with frozen MLPs',
  async () => {
    const { topology, weights } = model;
    const reference = await fixtureJson<PathReference>('share4l/reference/tracing/path_patching.ioi.json');
    const pairs = (await sharePairs('ioi.jsonl', reference.rows[1])).slice(reference.rows[0]);
    const ports = new Map(topology.ports.map((_, port) => [topology.portName(port), port]));
    const writers = new Map(topology.writers.map((_, writer) => [topology.writerName(writer), writer]));
    for (const example of reference.examples) {
      const senders = example.senders.map((name) => writers.get(name)!);
      const receivers = example.receivers.map((name) => ports.get(name)!);
      const patched = async (mlps: 'free' | 'frozen') =>
        patchPath(weights, topology, pairs, { senders, receivers, mlps }, { metric: 'logit-diff', budget });
      const [free, frozen] = [await patched('free'), await patched('frozen')];
      const got = {
        ...example,
        senders: free.senders,
        receivers: free.receivers,
        mlps_free: free,
        mlps_frozen: frozen,
        cut_edges_effect: example.frozen_equals_cut_edges ? frozen.effect : example.cut_edges_effect,
      };
      expectEveryLeaf(example, got, tolerance);
      expectEveryLeaf({ clean: reference }, { clean: { ...reference, clean: free.clean } }, tolerance);
    }
  },
);

interface KnockoutReference {
  readonly metric: string;
  readonly rows: readonly [number, number];
  readonly positions: readonly Readonly<Record<string, readonly number[]>>[];
}

describe.each(TASKS)('knockout, %s', (task) => {
  const path = `share4l/reference/knockout/${task}.json`;
  test.skipIf(!isRun(path))('is that of the reference', { timeout: 300_000 }, async () => {
    const reference = await fixtureJson<KnockoutReference>(path);
    const { positions, rows } = reference;
    const pairs = (await sharePairs(`${task}.jsonl`, rows[1])).slice(rows[0]);
    const metric = METRICS[reference.metric]!;
    const { weights, topology } = model;
    const classes = Object.keys(positions[0]!);
    const blocked = classes.map((name) => positions.map((ofPrompt) => ofPrompt[name]!));
    const run = (window: number | 'all', head?: number) =>
      knockOut(weights, topology, pairs, blocked, { metric, window, budget, ...(head !== undefined && { head }) });
    const byClass = async (window: number | 'all') => {
      const found = await run(window);
      const entries = classes.map((name, i) => [name, window === 'all' ? found[i]!.layers[0] : found[i]!.layers]);
      return { base: found[0]!.base, windows: Object.fromEntries(entries) as object };
    };
    const [one, three, all] = [await byClass(1), await byClass(3), await byClass('all')];
    const ofHeads: Awaited<ReturnType<typeof run>>[] = [];
    for (let head = 0; head < topology.heads; head++) ofHeads.push(await run(1, head));
    const single = classes.map((name, i) => [
      name,
      Array.from({ length: topology.layers }, (_, layer) => ofHeads.map((found) => found[i]!.layers[layer]!.metric)),
    ]);
    const got = {
      metric: reference.metric,
      rows,
      positions,
      base: one.base,
      windows: { '1': one.windows, '3': three.windows, all: all.windows },
      single_head: { values: Object.fromEntries(single) as object },
    };
    expectEveryLeaf(reference, got, tolerance);
  });
});

test('a comparison fails on a leaf that is missing, and on one that is off', () => {
  expect(() => expectEveryLeaf({ a: [1, 2] }, { a: [1] }, () => 1)).toThrow(/1 entries, not 2/);
  expect(() => expectEveryLeaf({ a: { b: 1 } }, { a: {} }, () => 1)).toThrow(/a\.b: undefined, not 1/);
  expect(() => expectEveryLeaf({ a: 1 }, { a: Number.NaN }, () => 1)).toThrow(/a: NaN, not 1/);
});
