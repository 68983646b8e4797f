/** ACDC on the device against runs of the reference ACDC: every test in order, its metrics and its decision. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { acdc, type AcdcOptions, type AcdcResult } from '../../src/discover/acdc.js';
import type { MetricName } from '../../src/readout/metrics.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { Ablation } from '../../src/circuit/run-identity.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson, sharedFixtures } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { sharePairs } from '../support/tasks.js';
import { corruptedValues } from '../support/sides.js';

interface Run {
  readonly task: string;
  readonly prompts: number;
  readonly options: {
    readonly metric: MetricName;
    readonly threshold: number;
    readonly ablation: Ablation;
    readonly absolute: boolean;
    readonly direct_edges: boolean;
    readonly sender_heads: AcdcOptions['senderHeads'];
  };
  readonly initial_metric: number;
  readonly corrupted_metric: number;
  readonly final_metric: number;
  readonly tests: readonly {
    readonly edge: string;
    readonly before: number;
    readonly after: number;
    readonly kept: boolean;
  }[];
  readonly kept_edges: readonly string[];
}

/** Committed runs: both metrics of answers, zero ablation, absolute effects. */
const COMMITTED = ['ioi.kl.0.05', 'ioi.kl.0.05.zero', 'ioi.logit_diff.0.05.abs', 'gt.prob_diff.0.05'];
/** Of the full fixture set: the third task, 32 prompts, ascending heads, the KL of the second task. */
const SHARED = ['gt.kl.0.05', 'ind.kl.0.05', 'ioi.kl.0.05.ascending', 'ioi.kl.0.05.n32'];
/** The same options at other thresholds. */
const FURTHER = [
  'gt.kl.0.01',
  'gt.prob_diff.0.01',
  'ind.kl.0.01',
  'ioi.kl.0.01',
  'ioi.kl.0.2',
  'ioi.logit_diff.0.01',
  'ioi.logit_diff.0.05',
  'ioi.logit_diff.0.2',
];
const TOLERANCE = 5e-5;
/** Where the effect is nearer to the threshold than TOLERANCE. */
const NEAR_TOLERANCE = 5e-6;

const device = useDevice();
let model: DeviceModel;

beforeAll(async () => {
  model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture('share4l'))));
});
afterAll(() => model?.weights.dispose());

/** @param circuits how many candidates are tried in one submission. */
async function discover(run: Run, circuits: number): Promise<{ result: AcdcResult; corrupted: number }> {
  const { metric, threshold, ablation, absolute, direct_edges, sender_heads } = run.options;
  const pairs = await sharePairs(run.task, run.prompts);
  // Positions belong to the input writer in the reference; it matters where writers become 0.
  const input = ablation === 'zero' ? 'token+position' : 'token';
  return withEvaluator(
    model,
    pairs,
    { metric, ablation, input, directEdges: direct_edges, circuits },
    async (evaluator) => ({
      result: await acdc(evaluator, EdgeSet.full(model.topology), {
        threshold,
        absolute,
        senderHeads: sender_heads,
        directEdges: direct_edges,
      }),
      corrupted: mean((await corruptedValues(model, pairs, [metric], input))[metric]!),
    }),
  );
}

const runOf = (name: string): Promise<Run> => fixtureJson<Run>(`share4l/reference/acdc/${name}.json`);

const searches = new Map<string, ReturnType<typeof discover>>();

/** The search of a run, one candidate after the other: made once, whatever asks for it. */
async function searchOf(name: string): ReturnType<typeof discover> {
  const search = searches.get(name) ?? discover(await runOf(name), 1);
  searches.set(name, search);
  return search;
}

async function expectRun(name: string): Promise<void> {
  const run = await runOf(name);
  const { result, corrupted } = await searchOf(name);
  const { topology } = model;
  expect(result.steps.map(({ edge, kept }) => `${topology.edgeName(edge)} ${kept}`)).toEqual(
    run.tests.map(({ edge, kept }) => `${edge} ${kept}`),
  );
  result.steps.forEach(({ before, after }, i) => {
    const wanted = run.tests[i]!;
    const effect = wanted.after - wanted.before;
    const margin = Math.abs((run.options.absolute ? Math.abs(effect) : effect) - run.options.threshold);
    const tolerance = margin < TOLERANCE ? NEAR_TOLERANCE : TOLERANCE;
    expectClose(
      `test ${i}, ${wanted.edge}: before and after`,
      [before, after],
      [wanted.before, wanted.after],
      tolerance,
    );
  });
  expect([...result.kept].map((id) => topology.edgeName(id)).sort()).toEqual([...run.kept_edges].sort());
  const ends = [result.initial, corrupted, result.final];
  expectClose('clean, corrupted, final', ends, [run.initial_metric, run.corrupted_metric, run.final_metric], TOLERANCE);
}

describe('the reference ACDC', { timeout: 600_000 }, () => {
  const every = process.env['EDGEWISE_ALL_RUNS'] === '1';
  test.each(COMMITTED)('%s', expectRun);
  test.skipIf(!sharedFixtures).each(SHARED)('%s', expectRun);
  test.skipIf(!sharedFixtures || !every).each(FURTHER)('%s', expectRun);
});

test('trying several candidates in one submission changes no bit', async () => {
  const name = 'gt.prob_diff.0.05';
  const [one, several] = [await searchOf(name), await discover(await runOf(name), 5)];
  expect(several.result.steps).toEqual(one.result.steps);
  expect([...several.result.kept]).toEqual([...one.result.kept]);
  expect(several.result.untestedRemovals).toEqual(one.result.untestedRemovals);
});
