/** Judgements and areas against stored float64 results, with the draws that are stored beside them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Draws } from '../../src/circuit/draws.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { createScores } from '../../src/circuit/scores.js';
import { faithfulnessAreas, type FaithfulnessAreas } from '../../src/judge/areas.js';
import { judgeCircuit, type JudgementName } from '../../src/judge/judgements.js';
import { baseRuns, Passes } from '../../src/judge/judged.js';
import { openModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson, sharedFixtures } from '../support/fixtures.js';
import { useDevice } from '../support/gpu.js';
import { sharePairs } from '../support/tasks.js';

interface Reference {
  readonly task: string;
  readonly metric: 'logit_diff' | 'prob_diff';
  readonly rows: readonly [number, number];
  readonly circuit: { readonly edges: readonly number[] };
  readonly scores: Readonly<Record<'model' | 'circuit' | 'complement' | 'corrupted', readonly number[]>>;
  readonly equivalence: object;
  readonly independence: {
    readonly permutations: readonly (readonly number[])[];
    readonly cross_sigma: Dependence;
    readonly own_sigmas: Dependence;
  };
  readonly minimality: {
    readonly added: readonly (readonly number[])[];
    readonly removed: readonly number[];
    readonly inflated_effects: readonly number[];
    readonly edge_effects: readonly number[];
    readonly wins: readonly number[];
    readonly p_values: readonly number[];
    readonly p_bonferroni: readonly number[];
    readonly not_minimal_at_05: readonly number[];
    readonly ties: number;
  };
  readonly random_circuits: { readonly edges: readonly (readonly number[])[] };
  readonly sufficiency: Comparison;
  readonly partial_necessity: Comparison;
}

interface Dependence {
  readonly hsic: number;
  readonly p_value: number;
  readonly p_value_plus_one: number;
  readonly count_ge: number;
}

interface Comparison {
  readonly circuit_loss: number;
  readonly random_losses: readonly number[];
  readonly wins: number;
  readonly p_value: number;
}

interface AreaReference {
  readonly metric: 'logit_diff' | 'prob_diff';
  readonly eval_rows: readonly [number, number];
  readonly scores: Readonly<Record<string, readonly number[]>>;
  readonly curves: readonly {
    readonly scores: string;
    readonly selection: 'signed' | 'absolute';
    readonly points: readonly {
      readonly n: number;
      readonly n_pruned: number;
      readonly nodes: number;
      readonly score_gap: number | null;
      readonly faithfulness: number;
      readonly complement_faithfulness: number;
      readonly ndf_mean: number;
    }[];
    readonly CPR: number;
    readonly CMD: number;
    readonly CMD_one_sided: number;
    readonly average: number;
    readonly complement_area: number;
    readonly CPR_log: number;
    readonly CMD_log: number;
  }[];
  readonly roc: readonly {
    readonly scores: string;
    readonly selection: string;
    readonly pessimistic_auc: number;
    readonly trapezoid_auc: number;
    readonly average_precision: number;
  }[];
  readonly roc_truth: { readonly edges: readonly number[] };
}

const METRICS = { logit_diff: 'logit-diff', prob_diff: 'prob-diff' } as const;
const NAMES = ['equivalence', 'independence', 'minimality', 'sufficiency', 'partial-necessity'] as const;

const device = useDevice();
let model: DeviceModel;
/** The topology's id of each edge of the reference. */
let ids: readonly number[];
beforeAll(async () => {
  model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture('share4l'))));
  const { edge_order: order } = await fixtureJson<{ edge_order: string[] }>(
    'share4l/reference/eap-ig/ioi.logit_diff.json',
  );
  ids = order.map((name) => model.topology.edgeId(name)!);
});
afterAll(() => model?.weights.dispose());

const idsOf = (edges: readonly number[]): number[] => edges.map((edge) => ids[edge]!);

function circuitOf(edges: readonly number[]): EdgeSet {
  return EdgeSet.of(model.topology, [...EdgeSet.empty(model.topology), ...idsOf(edges)]);
}

const OF_ALL = ['ioi', 'ioi.random', 'ioi.top95', 'greater_than', 'induction'] as const;
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';

describe.each(OF_ALL)('hypothesis tests, %s', (name) => {
  const skipped = name !== 'ioi.random' && !(sharedFixtures && ALL_RUNS);
  test.skipIf(skipped)('are those of the reference', { timeout: 300_000 }, async () => {
    const reference = await fixtureJson<Reference>(`share4l/reference/tests/hypothesis.${name}.json`);
    const pairs = (await sharePairs(`${reference.task}.jsonl`, reference.rows[1])).slice(reference.rows[0]);
    const metric = METRICS[reference.metric];
    const draws: Draws = {
      permutations: reference.independence.permutations,
      inflations: reference.minimality.added.map((added, r) => {
        return { added: idsOf(added), removed: ids[reference.minimality.removed[r]!]! };
      }),
      randomCircuits: reference.random_circuits.edges.map(idsOf),
    };
    const { verdicts, perPrompt } = await withEvaluator(model, pairs, { metric, circuits: 8 }, (evaluator) =>
      judgeCircuit(evaluator, circuitOf(reference.circuit.edges), NAMES, { metric, pairs, seed: 0, draws }),
    );
    const found = (one: JudgementName) => verdicts.find((verdict) => verdict.name === one)!.result as never;
    const negated = (values: readonly number[]): number[] => values.map((value) => -value);
    expectNear(perPrompt.circuit, negated(reference.scores.circuit), { absolute: 1e-4 });
    expectNear(perPrompt.complement, negated(reference.scores.complement), { absolute: 1e-4 });

    const { epsilon, n, wins, ties, t, p_value: p } = reference.equivalence as Record<string, number>;
    const equivalence = found('equivalence') as Record<string, number>;
    expect(equivalence).toMatchObject({ epsilon, n, wins, ties });
    expectNear([equivalence['t']!, equivalence['p_value']!], [t!, p!], { absolute: 1e-9 });

    const independence = found('independence') as Reference['independence'];
    for (const sigmas of ['cross_sigma', 'own_sigmas'] as const) {
      const [got, expected] = [independence[sigmas], reference.independence[sigmas]];
      expectNear([got.hsic], [expected.hsic], { relative: 1e-4 });
      expect(got.count_ge).toBe(expected.count_ge);
      expectNear([got.p_value, got.p_value_plus_one], [expected.p_value, expected.p_value_plus_one], {
        absolute: 1e-12,
      });
    }

    const minimality = found('minimality') as Omit<Reference['minimality'], 'not_minimal_at_05'> & {
      edges: string[];
      not_minimal_at_05: string[];
    };
    const nameOf = (edge: number): string => model.topology.edgeName(ids[edge]!);
    expect(minimality.edges).toEqual(reference.circuit.edges.map(nameOf));
    expect(minimality.wins).toEqual(reference.minimality.wins);
    expect(minimality.ties).toBe(reference.minimality.ties);
    expectNear(minimality.p_values, reference.minimality.p_values, { relative: 1e-9 });
    expectNear(minimality.p_bonferroni, reference.minimality.p_bonferroni, { relative: 1e-9 });
    expectNear(minimality.edge_effects, reference.minimality.edge_effects, { relative: 2e-3, absolute: 1e-8 });
    expectNear(minimality.inflated_effects, reference.minimality.inflated_effects, { relative: 2e-3, absolute: 1e-8 });

    for (const [one, expected] of [
      ['sufficiency', reference.sufficiency],
      ['partial-necessity', reference.partial_necessity],
    ] as const) {
      const got = found(one) as Comparison;
      expect(got.wins).toBe(expected.wins);
      expectNear([got.p_value], [expected.p_value], { relative: 1e-9 });
      expectNear([got.circuit_loss], [expected.circuit_loss], { relative: 1e-3 });
      expectNear(got.random_losses, expected.random_losses, { relative: 1e-3 });
    }
  });
});

const TASK_OF = { 'ioi.logit_diff': 'ioi', 'gt.prob_diff': 'greater_than' } as const;

describe.each(['ioi.logit_diff', 'gt.prob_diff'] as const)('areas, %s', (name) => {
  test.skipIf(name === 'gt.prob_diff' && !sharedFixtures)(
    'are those of the reference',
    { timeout: 300_000 },
    async () => {
      const reference = await fixtureJson<AreaReference>(`share4l/reference/evaluation/${name}.json`);
      const [first, end] = reference.eval_rows;
      const pairs = (await sharePairs(`${TASK_OF[name]}.jsonl`, end)).slice(first);
      const metric = METRICS[reference.metric];
      const truth = circuitOf(reference.roc_truth.edges);
      const found: FaithfulnessAreas[] = await withEvaluator(
        model,
        pairs,
        { metric, circuits: 8 },
        async (evaluator) => {
          const passes = new Passes(evaluator, metric);
          const ends = await baseRuns(passes, EdgeSet.full(model.topology));
          const areas: FaithfulnessAreas[] = [];
          for (const { scores, selection } of reference.curves) {
            areas.push(await faithfulnessAreas(passes, ends, scoresOf(reference.scores[scores]!), selection, truth));
          }
          return areas;
        },
      );
      reference.curves.forEach((curve, i) => {
        const got = found[i]!;
        const points = got.points.map((point) => [point.taken, point.edges, point.nodes]);
        // Below this gap the reference's own order is not that of single precision.
        const sure = curve.points.map(({ score_gap: gap }) => !(gap !== null && gap < 1e-12));
        expect(points.filter((_, at) => sure[at])).toEqual(
          curve.points.filter((_, at) => sure[at]).map((point) => [point.n, point.n_pruned, point.nodes]),
        );
        const values = (read: (point: (typeof curve.points)[number]) => number) => curve.points.map(read);
        expectNear(
          got.points.map((point) => point.faithfulness!),
          values((point) => point.faithfulness),
          { absolute: 5e-5 },
        );
        expectNear(
          got.points.map((point) => point.complementFaithfulness!),
          values((point) => point.complement_faithfulness),
          { absolute: 5e-5 },
        );
        expectNear(
          got.points.map((point) => point.ndfMean!),
          values((point) => point.ndf_mean),
          // One greater-than prompt divides by 1e-4: single precision moves it by 3e-3, and the mean by 32 times less.
          { absolute: 2e-4 },
        );
        expectNear(
          [got.cpr!, got.cmd!, got.cmdOneSided!, got.average!, got.complementArea!],
          [curve.CPR, curve.CMD, curve.CMD_one_sided, curve.average, curve.complement_area],
          { absolute: 5e-5 },
        );
        expectNear([got.cprLog!, got.cmdLog!], [curve.CPR_log, curve.CMD_log], { absolute: 5e-4 });
        const roc = reference.roc.find((one) => one.scores === curve.scores && one.selection === curve.selection)!;
        expectNear(
          [got.roc!.pessimisticArea, got.roc!.trapezoidArea, got.roc!.averagePrecision],
          [roc.pessimistic_auc, roc.trapezoid_auc, roc.average_precision],
          { absolute: 1e-9 },
        );
      });
    },
  );
});

function scoresOf(values: readonly number[]) {
  const { topology } = model;
  const byId = new Float64Array(topology.edgeCount).fill(Number.NaN);
  values.forEach((value, edge) => (byId[ids[edge]!] = value));
  return createScores({
    topology,
    width: null,
    values: byId,
    positive: 'helps',
    nodes: null,
    neurons: null,
    perPrompt: null,
    provenance: null,
  });
}

/** Errors up to `absolute` plus `relative` times the expected value pass. */
interface Tolerance {
  readonly absolute?: number;
  readonly relative?: number;
}

function expectNear(
  got: readonly number[],
  expected: readonly number[],
  { absolute = 0, relative = 0 }: Tolerance,
): void {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    const allowed = absolute + relative * Math.abs(expected[i]!);
    if (!(Math.abs(value - expected[i]!) <= allowed)) {
      expect.fail(`value ${i}: got ${value}, expected ${expected[i]!} within ${allowed}`);
    }
  });
}
