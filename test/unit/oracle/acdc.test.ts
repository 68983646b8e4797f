/**
 * The literal evaluator on a trained model, against metrics that the reference ACDC measured: circuits with direct
 * edges, under resample and zero ablation, with positions in the input writer as there.
 */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { openModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { zeroWriters } from '../../oracle/ablation.js';
import { isAccurate, mean, metricValue, type MetricName } from '../../oracle/metrics.js';
import { ablationValues, loadOracle, runCircuit, runModel, type Pass } from '../../oracle/model.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';

interface Run {
  readonly task: string;
  readonly prompts: number;
  readonly options: { readonly metric: MetricName; readonly ablation: 'resample' | 'zero' };
  readonly initial_metric: number;
  readonly corrupted_metric: number;
  readonly final_metric: number;
  readonly kept_edges: readonly string[];
  readonly tests: readonly { readonly edge: string; readonly after: number; readonly kept: boolean }[];
}
interface Row {
  readonly clean_ids: readonly number[];
  readonly corrupted_ids: readonly number[];
  readonly correct_ids: readonly number[];
  readonly wrong_ids: readonly number[];
}

/** The reference computed in float32. */
const TOLERANCE = 5e-6;

const model = await loadOracle(await openModel(await openModelDirectory(fixture('share4l'))), 'token+position');
const { topology } = model;

const RUNS = ['ioi.kl.0.05', 'ioi.kl.0.05.zero', 'ioi.logit_diff.0.05.abs', 'gt.prob_diff.0.05'];

describe.each(RUNS)('%s', async (name) => {
  const run = await fixtureJson<Run>(`share4l/reference/acdc/${name}.json`);
  const lines = (await readFile(fixture(`share4l/${run.task}`), 'utf8')).trim().split('\n');
  const rows = lines.slice(0, run.prompts).map((line) => JSON.parse(line) as Row);
  const clean = rows.map((row) => runModel(model, row.clean_ids));
  const corrupted = rows.map((row) => runModel(model, row.corrupted_ids));
  const cut = rows.map((row, prompt) =>
    run.options.ablation === 'zero'
      ? ablationValues(model, zeroWriters(model, row.clean_ids.length))
      : corrupted[prompt]!,
  );
  const lastRow = (pass: Pass): Float64Array => pass.logits.subarray(-model.spec.vocab);

  function metric(passes: readonly Pass[]): number {
    return mean(
      rows.map((row, prompt) =>
        metricValue(run.options.metric, {
          logits: lastRow(passes[prompt]!),
          clean: lastRow(clean[prompt]!),
          correct: row.correct_ids,
          wrong: row.wrong_ids,
        }),
      ),
    );
  }

  const circuitMetric = (kept: EdgeSet): number =>
    metric(rows.map((row, prompt) => runCircuit(model, row.clean_ids, kept, cut[prompt]!)));

  function expectMetric(got: number, expected: number): void {
    if (!(Math.abs(got - expected) <= TOLERANCE)) expect.fail(`got ${got}, expected ${expected}`);
  }

  test('clean and corrupted runs', () => {
    expectMetric(metric(clean), run.initial_metric);
    expectMetric(metric(corrupted), run.corrupted_metric);
    expect(rows.every((row, prompt) => isAccurate(lastRow(clean[prompt]!), row.correct_ids))).toBe(true);
  });

  test('the circuit that it found', () => {
    expectMetric(
      circuitMetric(
        EdgeSet.of(
          topology,
          run.kept_edges.map((edge) => topology.edgeId(edge)!),
        ),
      ),
      run.final_metric,
    );
  });

  test('the first removal of a direct edge', () => {
    const step = run.tests.findIndex(
      ({ kept, edge }) => !kept && topology.edge(topology.edgeId(edge)!).kind === 'direct',
    );
    const removed = run.tests.slice(0, step).filter((tested) => !tested.kept);
    const gone = new Set([...removed, run.tests[step]!].map((tested) => topology.edgeId(tested.edge)!));
    expectMetric(circuitMetric(EdgeSet.where(topology, (id) => !gone.has(id))), run.tests[step]!.after);
  });
});
