/**
 * Whole searches with the incremental evaluator against the same searches with the plain one (`whole`), bit for bit,
 * whatever it is told of batches, cut sums and micro-batches; and a sample of their tests against the literal
 * evaluator.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { ABLATIONS, INPUT_KINDS, type Ablation, type InputKind } from '../../src/circuit/run-identity.js';
import { acdc, type AcdcResult } from '../../src/discover/acdc.js';
import type { CircuitEvaluator } from '../../src/circuit/evaluator.js';
import type { MetricName } from '../../src/readout/metrics.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import type { PromptPair } from '../../src/task/types.js';
import { loadOracle } from '../oracle/model.js';
import { uploadModel, withEvaluator, type DeviceModel, type EvaluatorChoice } from '../support/evaluators.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();
const TOLERANCE = 1e-5;

const sizes = { mlpWidth: 23, vocab: 41, maxPositions: 9 };

interface Setting {
  readonly ablation: Ablation;
  readonly directEdges: boolean;
  readonly input: InputKind;
  readonly metric: MetricName;
}

const METRICS = ['kl', 'logit-diff', 'nll', 'prob-diff'] as const;
const SETTINGS: readonly Setting[] = ABLATIONS.flatMap((ablation, a) =>
  [false, true].flatMap((directEdges, d) =>
    INPUT_KINDS.map((input, i) => ({ ablation, directEdges, input, metric: METRICS[(a + d + 2 * i) % 4]! })),
  ),
);

/** Odd sizes. Families with parallel blocks are refused for what else they need; the pass itself has such blocks. */
const MODELS: readonly (readonly [string, ModelSpec, readonly Setting[]])[] = [
  ['two layers', { ...gpt2Spec({ ...sizes, layers: 2, heads: 3, headWidth: 5 }), width: 18 }, SETTINGS],
  [
    'three parallel layers',
    {
      ...gpt2Spec({ ...sizes, layers: 3, heads: 2, headWidth: 7, tied: false, activation: 'gelu' }),
      block: 'parallel',
    },
    SETTINGS.filter((_, i) => i % 3 === 0),
  ],
  [
    'four layers',
    { ...gpt2Spec({ ...sizes, layers: 4, heads: 2, headWidth: 3 }), width: 10 },
    SETTINGS.filter((_, i) => i % 5 === 2),
  ],
];

/** Ways to go about it, none of which may change a bit. */
type Way = Required<Pick<EvaluatorChoice, 'circuits' | 'cutSums' | 'prompts'>>;
const WAYS: readonly Way[] = [1, 2, 7, 32].flatMap((circuits) =>
  [0, 2, 1000].flatMap((cutSums) => [1, 2, UNEQUAL_PAIRS.length].map((prompts) => ({ circuits, cutSums, prompts }))),
);
let ways = 0;
/** All of them in turn, neighbours unlike each other. */
const nextWay = (): Way => WAYS[(ways++ * 5) % WAYS.length]!;

/** Each model's settings with ways to go: together they go every way. */
const RUNS = MODELS.map(
  ([name, spec, settings]) =>
    [
      name,
      spec,
      settings.map(
        (setting) =>
          [
            `${setting.ablation}, ${setting.directEdges ? 'direct edges, ' : ''}${setting.input}, ${setting.metric}`,
            setting,
            spec.layers === 2 ? [nextWay(), nextWay()] : [nextWay()],
          ] as const,
      ),
    ] as const,
);

/** A circuit that was evaluated, and what came of it on every prompt. */
type Evaluated = readonly [EdgeSet, readonly number[]];

interface Search extends AcdcResult {
  readonly evaluated: readonly Evaluated[];
  readonly flops: number;
}

/** What a search decided and measured, without how it went about it. */
const outcome = (search: Search): object => ({
  ...search,
  evaluated: [],
  flops: 0,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  kept: [...search.kept],
});

test('together the searches go every way', () => {
  expect(ways).toBeGreaterThanOrEqual(WAYS.length);
});

describe.each(RUNS)('%s', { timeout: 600_000 }, (_name, spec, runs) => {
  let loaded: LoadedModel;
  let model: DeviceModel;
  let unequal: PromptPair[];
  let equal: PromptPair[];

  beforeAll(async () => {
    loaded = await randomModel(spec, spec.layers);
    model = await uploadModel(device.gpu, loaded);
    const rng = randomNumbers(spec.layers);
    unequal = pairsOf(rng, spec.vocab, UNEQUAL_PAIRS);
    equal = pairsOf(rng, spec.vocab, EQUAL_PAIRS);
  });
  afterAll(() => model?.weights.dispose());

  const pairsFor = ({ ablation }: Setting): PromptPair[] => (ablation === 'mean-positional' ? equal : unequal);

  /** A search at a threshold of this part of what cutting everything does. */
  const search = (start: EdgeSet, setting: Setting, choice: EvaluatorChoice, part: number): Promise<Search> =>
    withEvaluator(model, pairsFor(setting), { ...setting, ...choice }, async (evaluator) => {
      const full = await evaluator.metric(EdgeSet.full(model.topology));
      const empty = await evaluator.metric(EdgeSet.empty(model.topology));
      const evaluated: Evaluated[] = [];
      const told: CircuitEvaluator = {
        most: evaluator.most,
        async perPrompt(circuits) {
          const values = await evaluator.perPrompt(circuits);
          circuits.forEach((circuit, c) => evaluated.push([circuit, values[c]!]));
          return values;
        },
      };
      const before = device.gpu.counters.flops;
      const result = await acdc(told, start, {
        threshold: part * Math.abs(empty - full),
        absolute: setting.metric !== 'kl',
        senderHeads: setting.input === 'token' ? 'descending' : 'ascending',
        directEdges: setting.directEdges,
      });
      return { ...result, evaluated, flops: device.gpu.counters.flops - before };
    });

  /** Every tenth evaluation of a search against the literal evaluator. */
  const expectLiteral = async (setting: Setting, { evaluated }: Search): Promise<void> => {
    const task = oracleTask(await loadOracle(loaded, setting.input), pairsFor(setting));
    const cut = oracleAblation(task, setting.ablation);
    for (let i = spec.layers; i < evaluated.length; i += 10) {
      const [circuit, values] = evaluated[i]!;
      const expected = oracleEvaluate(task, circuit, cut)[setting.metric];
      expectClose(`evaluation ${i}, ${setting.metric}`, values, expected, TOLERANCE, 'relative');
    }
  };

  test.each(runs)('%s', async (_title, setting, ofSetting) => {
    const full = EdgeSet.full(model.topology);
    const plain = await search(full, setting, { whole: true }, 0.02);
    expect(plain.steps.some(({ kept }) => kept) && plain.steps.some(({ kept }) => !kept)).toBe(true);
    for (const way of ofSetting) {
      const found = await search(full, setting, way, 0.02);
      expect(outcome(found), JSON.stringify(way)).toEqual(outcome(plain));
      if (way.circuits === 1) expect(found.flops).toBeLessThan(0.7 * plain.flops);
      if (way === ofSetting[0]) await expectLiteral(setting, found);
    }
  });

  test.each([false, true])('from half of the edges on, direct edges %s', async (directEdges) => {
    const rng = randomNumbers(100 + spec.layers);
    const { topology } = model;
    for (const [a, ablation] of ABLATIONS.entries()) {
      if (directEdges === (a + spec.layers) % 2 > 0) continue; // the other half with another model
      const start = EdgeSet.where(
        topology,
        (id) => rng.below(2) > 0 || (id >= topology.additionEdges && (!directEdges || rng.below(3) > 0)),
      );
      const setting: Setting = { ablation, directEdges, input: INPUT_KINDS[a % 2]!, metric: METRICS[a]! };
      const plain = await search(start, setting, { whole: true }, 0.005);
      const way = WAYS[(11 * a + 4 * spec.layers) % WAYS.length]!;
      const found = await search(start, setting, way, 0.005);
      expect(found.steps.length).toBeGreaterThan(5);
      expect(outcome(found), `${ablation} ${JSON.stringify(way)}`).toEqual(outcome(plain));
      await expectLiteral(setting, found);
    }
  });
});
