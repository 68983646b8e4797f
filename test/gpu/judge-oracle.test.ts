/** Judgements and areas on a small random model, against float64 after the definitions, by several metrics. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Draws } from '../../src/circuit/draws.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { createScores } from '../../src/circuit/scores.js';
import { randomCircuitLike } from '../../src/evaluate/random-circuit.js';
import { faithfulnessAreas, RANKINGS } from '../../src/judge/areas.js';
import { judgeCircuit, judgementsBy, type Judgements, type JudgementName } from '../../src/judge/judgements.js';
import { baseRuns, Passes } from '../../src/judge/judged.js';
import { edgeMagnitudes } from '../../src/judge/magnitude.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import type { PromptPair } from '../../src/task/types.js';
import * as oracle from '../oracle/judge.js';
import { loadOracle, type OracleModel } from '../oracle/model.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { fixture } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { pruneByRounds } from '../support/prune-by-rounds.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();
const SEED = 7;
const LEVELS = { epsilon: 0.1, quantile: 0.6, floor: 1e-9 };
const FRACTIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const METRICS = ['logit-diff', 'prob-diff', 'nll', 'kl'] as const;
type MetricName = (typeof METRICS)[number];

let loaded: LoadedModel;
let model: DeviceModel;
let float64: OracleModel;
let pairs: readonly PromptPair[];
let circuit: readonly number[];
let draws: Draws;
/** m_i of every metric, of circuits by their edges: each is run once. */
let valuesOf: (ids: oracle.Ids) => Readonly<Record<MetricName, readonly number[]>>;

beforeAll(async () => {
  loaded = await openModel(await openModelDirectory(fixture('families/gpt2')));
  model = await uploadModel(device.gpu, loaded);
  float64 = await loadOracle(loaded);
  const rng = randomNumbers(12);
  // One prompt is the same as its corrupted one: it has no distance faithfulness.
  const more = [4, 6, 3].map((length) => ({ length, difference: 1, position: length - 1 }));
  pairs = pairsOf(rng, loaded.spec.vocab, [...UNEQUAL_PAIRS, ...more]);
  const { topology } = model;
  const names = Array.from({ length: topology.additionEdges }, (_, id) => topology.edgeName(id));
  const path = (): number[] => {
    const ids: number[] = [];
    for (let node = 'input'; node !== 'logits';) {
      const [edge] = rng.sample(
        names.filter((name) => name.startsWith(`${node}->`)),
        1,
      ) as [string];
      ids.push(names.indexOf(edge));
      node = edge.split('->')[1]!.replace(/<.>/, '');
    }
    return ids;
  };
  const paths = (count: number): number[] => [...new Set(Array.from({ length: count }, path).flat())];
  circuit = paths(11).toSorted((a, b) => a - b);
  const inflation = (): Draws['inflations'][number] => {
    const added = path().filter((id) => !circuit.includes(id));
    return added.length === 0 ? inflation() : { added, removed: added[rng.below(added.length)]! };
  };
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  draws = {
    permutations: times(40, () => rng.sample([...pairs.keys()], pairs.length)),
    inflations: times(10, inflation),
    randomCircuits: times(10, () => paths(11)),
  };
  const task = oracleTask(float64, pairs);
  const known = new Map<string, Readonly<Record<MetricName, readonly number[]>>>();
  valuesOf = (ids) => {
    const key = [...ids].toSorted((a, b) => a - b).join();
    const direct = EdgeSet.empty(topology);
    const found =
      known.get(key) ??
      Object.fromEntries(
        Object.entries(oracleEvaluate(task, EdgeSet.of(topology, [...direct, ...ids]), task.corrupted)).map(
          ([name, losses]) => [name, losses.map((loss) => -loss)],
        ),
      );
    known.set(key, found as never);
    return found as never;
  };
});
afterAll(() => model?.weights.dispose());

const kept = (ids: Iterable<number>): EdgeSet => EdgeSet.of(model.topology, [...EdgeSet.empty(model.topology), ...ids]);
const judgedBy = (metric: MetricName, ids: Iterable<number> = circuit): oracle.OracleJudged => {
  return { topology: model.topology, circuit: new Set(ids), metric: (one) => valuesOf(one)[metric] };
};
const judge = (metric: MetricName, ids: Iterable<number>, names: readonly JudgementName[], given = draws) =>
  withEvaluator(model, pairs, { metric, circuits: 8 }, (evaluator) =>
    judgeCircuit(evaluator, kept(ids), names, {
      metric,
      pairs,
      seed: SEED,
      draws: given,
      levels: LEVELS,
      magnitudes: () => edgeMagnitudes(loaded, model.topology),
    }),
  );
const resultsOf = ({ verdicts }: Judgements) =>
  Object.fromEntries(verdicts.map(({ name, result }) => [name, result])) as Readonly<Record<string, never>>;
const near = (what: string, got: unknown, wanted: number | readonly number[], tolerance = 1e-4): void =>
  expectClose(what, [got].flat() as number[], [wanted].flat() as number[], tolerance);

describe.each(METRICS)('by %s', (metric) => {
  let found: Readonly<Record<string, never>>;
  let all: Judgements;
  beforeAll(async () => {
    all = await judge(metric, circuit, judgementsBy(metric));
    found = resultsOf(all);
  });

  test('runs, and shares of the behaviour', () => {
    const judged = judgedBy(metric);
    const { topology } = model;
    const rest = oracle.complement(topology, judged.circuit);
    for (const [name, ids] of [
      ['whole', oracle.wholeOf(topology)],
      ['empty', new Set<number>()],
      ['circuit', judged.circuit],
      ['complement', rest],
    ] as const) {
      near(
        name,
        all.perPrompt[name],
        judged.metric(ids).map((m) => -m),
        5e-5,
      );
    }
    near('f', found['faithfulness']!['faithfulness'], oracle.oracleFaithfulness(judged, judged.circuit));
    near('necessity', found['necessity']!['necessity'], 1 - oracle.oracleFaithfulness(judged, rest));
    const ndf = oracle.oracleNdf(judged, judged.circuit);
    expect(ndf).toContain(null);
    const got = found['ndf']!['ndf'] as readonly (number | null)[];
    got.forEach((one, i) => (ndf[i] === null ? expect(one).toBeNull() : near(`ndf ${i}`, one, ndf[i]!, 1e-3)));
    const defined = ndf.filter((one) => one !== null);
    near('ndf', found['ndf']!['ndf_mean'], oracle.average(defined), 1e-3);
  });

  test('subsets', () => {
    const judged = judgedBy(metric);
    const { topology } = model;
    const { subset, incompleteness } = found['completeness'] as unknown as { subset: string[]; incompleteness: number };
    const worst = oracle.oracleIncompleteness(
      judged,
      subset.map((name) => topology.edgeId(name)!),
    );
    near('completeness', incompleteness, worst);
    expect(incompleteness).toBeGreaterThanOrEqual(oracle.oracleIncompleteness(judged, []) - 1e-4);
    const minimality = found['minimality-ioi'] as unknown as { edges: string[]; scores: number[]; redundant: string[] };
    expect(new Set(minimality.edges.map((name) => topology.edgeId(name)))).toEqual(judged.circuit);
    const shares = minimality.edges.map((name) => oracle.oracleMinimalityIoi(judged, topology.edgeId(name)!));
    near('minimality-ioi', minimality.scores, shares);
    expect(minimality.redundant).toEqual(minimality.edges.filter((_, i) => shares[i]! < 0.01));
  });

  test('tests of hypotheses', () => {
    const judged = judgedBy(metric);
    const { topology } = model;
    const m = (ids: Iterable<number>) => judged.metric(new Set(ids));
    const [whole, own] = [m(oracle.wholeOf(topology)), m(circuit)];
    const without = m(oracle.complement(topology, judged.circuit));

    if (metric !== 'kl') {
      const { wins, t, p } = oracle.oracleEquivalence(judged, LEVELS.epsilon);
      const ties = own.filter((value, i) => value === whole[i]).length;
      expect(ties).toBe(2);
      expect(found['equivalence']).toMatchObject({ n: pairs.length, wins, ties });
      near('equivalence', [found['equivalence']!['t'], found['equivalence']!['p_value']], [t, p], 1e-9);
      const cross = oracle.lowerMedian(without, whole);
      const sigmas = { cross_sigma: [cross, cross], own_sigmas: [whole, without].map(oracle.medianDistance) } as const;
      for (const [name, [ofModel, ofRest]] of Object.entries(sigmas)) {
        const hsic = (rest: readonly number[]) => oracle.oracleHsic(whole, rest, ofModel!, ofRest!);
        const count = draws.permutations.filter(
          (order) => hsic(order.map((i) => without[i]!)) >= hsic(without) - 1e-12,
        );
        const got = found['independence']![name] as { hsic: number; count_ge: number; p_value: number };
        expect(Math.abs(got.hsic / hsic(without) - 1), name).toBeLessThan(1e-3);
        expect([got.count_ge, got.p_value], name).toEqual([count.length, count.length / draws.permutations.length]);
      }
    }

    const floored = (loss: number): number => (loss < LEVELS.floor ? 0 : loss);
    const inflated = draws.inflations.map(({ added, removed }) => {
      const ids = oracle.union(judged.circuit, added);
      return floored(oracle.oracleLoss(m(ids), m(oracle.minus(ids, [removed]))));
    });
    const minimality = found['minimality'] as unknown as Record<string, number[]> & { edges: string[] };
    const effects = minimality.edges.map((name) =>
      floored(oracle.oracleLoss(own, m(oracle.minus(judged.circuit, [topology.edgeId(name)!])))),
    );
    losses('inflations', minimality['inflated_effects']!, inflated);
    losses('edges', minimality['edge_effects']!, effects);
    const edgeWins = effects.map((effect) => inflated.filter((other) => effect > other).length);
    expect(minimality['wins']).toEqual(edgeWins);
    const p = edgeWins.map((won) => oracle.binomialTail(10, LEVELS.quantile, (j) => j <= won));
    near('p', minimality['p_values'], p, 1e-9);
    near(
      'Bonferroni',
      minimality['p_bonferroni'],
      p.map((one) => Math.min(1, one * circuit.length)),
      1e-9,
    );

    const random = draws.randomCircuits;
    for (const [name, mine, others, wins] of [
      ['sufficiency', own, random.map(m), (a: number, b: number) => a <= b],
      [
        'partial-necessity',
        without,
        random.map((ids) => m(oracle.complement(topology, new Set(ids)))),
        (a: number, b: number) => a > b,
      ],
    ] as const) {
      const got = found[name] as unknown as { circuit_loss: number; random_losses: number[] };
      const [loss, all] = [oracle.oracleLoss(whole, mine), others.map((one) => oracle.oracleLoss(whole, one))];
      losses(name, [got.circuit_loss, ...got.random_losses], [loss, ...all]);
      const won = all.filter((other) => wins(loss, other)).length;
      const tail = oracle.binomialTail(10, LEVELS.quantile, (j) => j >= won);
      expect(got, name).toMatchObject({ wins: won, p_value: expect.closeTo(tail, 9) as number });
    }
  });

  test('baselines', async () => {
    const judged = judgedBy(metric);
    const { topology } = model;
    const f = (ids: Iterable<number>): number => oracle.oracleFaithfulness(judged, new Set(ids));
    const additions = (set: EdgeSet): number[] => [...set].filter((id) => id < topology.additionEdges);
    const uniform = Array.from({ length: 20 }, (_, i) => additions(randomCircuitLike(kept(circuit), SEED + i)));
    near('random', found['random']!['faithfulness'], uniform.map(f));
    near('random paths', found['random-paths']!['faithfulness'], draws.randomCircuits.map(f));
    const ranked = Array.from({ length: topology.additionEdges }, (_, id) => ({ id, strength: strengthOf(id) }));
    ranked.sort((a, b) => b.strength - a.strength);
    near('magnitude', found['magnitude']!['faithfulness'], f(ranked.slice(0, circuit.length).map(({ id }) => id)));
  });
});

/** Squared differences: in f32 relative, and small ones absolute. */
function losses(what: string, got: readonly number[], wanted: readonly number[]): void {
  got.forEach((loss, i) => {
    const error = Math.abs(loss - wanted[i]!);
    if (!(error <= 2e-3 * wanted[i]! + 2e-8)) expect.fail(`${what}[${i}]: got ${loss}, expected ${wanted[i]}`);
  });
}

/** Frobenius norm of what the sender writes with times that of what the receiver reads with. */
function strengthOf(id: number): number {
  const { topology, spec } = float64;
  const [from, to] = topology.edgeName(id).split('->') as [string, string];
  const norm = (
    name: Parameters<OracleModel['tensor']>[0],
    counts: (row: number, column: number) => boolean,
    columns = 1,
  ) =>
    Math.sqrt(
      float64.tensor(name).reduce((sum, x, i) => sum + (counts(Math.floor(i / columns), i % columns) ? x * x : 0), 0),
    );
  const all = () => true;
  const { width, headWidth: dh } = spec;
  const headOf = (node: string) => /^a(\d+)\.h(\d+)/.exec(node)?.slice(1).map(Number) as [number, number] | undefined;
  const [sender, receiver] = [headOf(from), headOf(to)];
  const writes = sender
    ? norm(`layers.${sender[0]}.wo`, (row) => Math.floor(row / dh) === sender[1], width)
    : from === 'input'
      ? norm('embed', all)
      : norm(`layers.${Number(from.slice(1))}.wout`, all);
  const branch = to.at(-2) as 'q' | 'k' | 'v';
  const reads = receiver
    ? norm(`layers.${receiver[0]}.w${branch}`, (_, column) => Math.floor(column / dh) === receiver[1], width)
    : to === 'logits'
      ? norm('embed', all)
      : norm(`layers.${Number(to.slice(1))}.win`, all);
  return writes * reads;
}

test('a circuit of few edges: the greedy search looks at all of them at each step', async () => {
  const few = circuit.slice(-5);
  const { completeness } = resultsOf(await judge('logit-diff', few, ['completeness']));
  near('completeness', completeness!['incompleteness'], oracle.oracleGreedy(judgedBy('logit-diff', few)));
});

test.each(RANKINGS)('areas and ROC of random scores, %s', async (ranking) => {
  const { topology } = model;
  const edges = topology.additionEdges;
  const rng = randomNumbers(3);
  // Ties, and some edges without a score, which come last.
  const scores = Float64Array.from({ length: topology.edgeCount }, (_, id) =>
    id >= edges || rng.next() < 0.05 ? Number.NaN : Math.round(4 * rng.normal()) / 4,
  );
  const metric = 'logit-diff';
  const areas = await withEvaluator(model, pairs, { metric, circuits: 8 }, async (evaluator) => {
    const passes = new Passes(evaluator, metric);
    const ends = await baseRuns(passes, EdgeSet.full(topology));
    const made = createScores({ topology, values: scores } as never);
    return faithfulnessAreas(passes, ends, made, ranking, kept(circuit));
  });
  const strength = (id: number): number => (ranking === 'absolute' ? Math.abs(scores[id]!) : scores[id]!);
  const place = (id: number): [number, number] => {
    const [from, to] = topology.edgeName(id).split('->') as [string, string];
    const writers = topology.writers.map((_, writer) => topology.writerName(writer));
    const ports = topology.ports.map((_, port) => topology.edgeName(topology.firstEdge(port)).split('->')[1]!);
    return [writers.indexOf(from), ports.indexOf(to)];
  };
  const places = Array.from({ length: edges }, (_, id) => place(id));
  const ids = [...places.keys()];
  const order = [
    ...ids
      .filter((id) => !Number.isNaN(scores[id]))
      .toSorted((a, b) => strength(b) - strength(a) || places[a]![0] - places[b]![0] || places[a]![1] - places[b]![1]),
    ...ids.filter((id) => Number.isNaN(scores[id])),
  ];
  const judged = judgedBy(metric);
  const pruned = FRACTIONS.map((x) => {
    const names = pruneByRounds(kept(order.slice(0, Math.floor(x * edges))));
    return new Set([...names].map((name) => topology.edgeId(name)!));
  });
  const f = pruned.map((one) => oracle.oracleFaithfulness(judged, one));
  const rest = pruned.map((one) => oracle.oracleFaithfulness(judged, oracle.complement(topology, one)));
  areas.points.forEach((point, i) => {
    const senders = new Set([...pruned[i]!].map((id) => topology.edgeName(id).split('->')[0]));
    const fraction = FRACTIONS[i]!;
    expect(point).toMatchObject({ fraction, taken: Math.floor(fraction * edges), edges: pruned[i]!.size });
    expect(point.nodes).toBe(senders.size);
    near(`f at ${fraction}`, [point.faithfulness, point.complementFaithfulness], [f[i]!, rest[i]!]);
    const ndf = oracle.oracleNdf(judged, pruned[i]!).filter((one) => one !== null);
    near(`ndf at ${fraction}`, point.ndfMean, oracle.average(ndf), 1e-3);
  });
  const off = f.map((x) => Math.abs(1 - x));
  const logs = FRACTIONS.map(Math.log);
  near('CPR', areas.cpr, oracle.trapezoids(FRACTIONS, f));
  near('CMD', areas.cmd, oracle.trapezoids(FRACTIONS, off));
  near(
    'CMD, one side',
    areas.cmdOneSided,
    oracle.trapezoids(
      FRACTIONS,
      f.map((x) => Math.max(0, 1 - x)),
    ),
  );
  near('complement', areas.complementArea, oracle.trapezoids(FRACTIONS, rest));
  near('logarithms', [areas.cprLog, areas.cmdLog], [oracle.trapezoids(logs, f), oracle.trapezoids(logs, off)], 1e-3);
  near('average', areas.average, oracle.average(f));
  const roc = oracle.oracleRoc(order, new Set(circuit), edges);
  near(
    'ROC',
    [areas.roc!.pessimisticArea, areas.roc!.trapezoidArea, areas.roc!.averagePrecision],
    [roc.pessimistic, roc.trapezoid, roc.precision],
    1e-12,
  );
});
