/**
 * Answers of several tokens, measured as a whole: against the literal evaluator run token by token, each time on a
 * prompt of its own that ends where the token is predicted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ablation } from '../../src/circuit/run-identity.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { randomCircuitLike } from '../../src/evaluate/random-circuit.js';
import type { PromptPair } from '../../src/task/types.js';
import type { OraclePoint } from '../oracle/attribution.js';
import { loadOracle } from '../oracle/model.js';
import {
  everyEdge,
  largest,
  meanOver,
  oraclesOf,
  scoresOf,
  smallModel,
  type SmallModel,
} from '../support/attribution.js';
import { withEvaluator } from '../support/evaluators.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';

const device = useDevice();
const TOLERANCE = 2e-5;
const CLEAN: readonly OraclePoint[] = [{ weight: 1 }];

/** Answers of three, one and two tokens. The prompts hold all but the last token of their answers. */
const PAIRS: readonly PromptPair[] = [
  { clean: [3, 14, 15, 6, 5], corrupted: [3, 1, 15, 6, 5], position: 2, correct: [6], wrong: [3], answer: [6, 5, 11] },
  { clean: [11, 5, 8], corrupted: [1, 5, 22], position: 2, correct: [0], wrong: [9] },
  {
    clean: [7, 7, 1, 20, 4, 12],
    corrupted: [7, 2, 1, 20, 5, 12],
    position: 4,
    correct: [12],
    wrong: [],
    answer: [12, 2],
  },
];
/** Of equal lengths, as means per position need them. */
const EVEN: readonly PromptPair[] = [
  { clean: [3, 14, 15, 6], corrupted: [3, 1, 15, 6], position: 2, correct: [6], wrong: [], answer: [6, 5] },
  { clean: [11, 5, 8, 9], corrupted: [1, 5, 22, 9], position: 2, correct: [9], wrong: [], answer: [9, 9] },
];

/** Each token of each answer as a pair that ends where the token is predicted, with the index of its prompt. */
function tokenByToken(pairs: readonly PromptPair[]): { readonly pair: PromptPair; readonly prompt: number }[] {
  return pairs.flatMap(({ clean, corrupted, position, correct, answer = correct }, prompt) =>
    answer.map((id, i) => ({
      prompt,
      pair: {
        clean: clean.slice(0, position + i + 1),
        corrupted: corrupted.slice(0, position + i + 1),
        position: position + i,
        correct: [id],
        wrong: [],
      },
    })),
  );
}

let model: SmallModel;
beforeAll(async () => {
  model = await smallModel(device.gpu);
});
afterAll(() => model?.dispose());

describe('the log-probability of an answer is the sum of those of its tokens', () => {
  const circuits = (): EdgeSet[] => {
    const full = EdgeSet.full(model.topology);
    const half = [...full].filter((id) => id % 2 === 0).reduce((kept, id) => kept.without(id), full);
    return [full, EdgeSet.empty(model.topology), ...[1, 2].map((seed) => randomCircuitLike(half, seed))];
  };

  test.each<[Ablation, readonly PromptPair[]]>([
    ['resample', PAIRS],
    ['zero', PAIRS],
    ['mean', PAIRS],
    ['mean-positional', EVEN],
  ])('%s ablation', async (ablation, pairs) => {
    const parts = tokenByToken(pairs);
    const task = oracleTask(
      await loadOracle(model.loaded),
      parts.map(({ pair }) => pair),
    );
    // Means are over the prompts as they are fed.
    const cut = oracleAblation(task, ablation, { pairs, side: 'clean' });
    const found = await withEvaluator(
      model,
      pairs,
      { ablation, metric: 'nll', prompts: 2, circuits: 2, directEdges: true },
      (evaluator) => evaluator.evaluate(circuits(), ['nll', 'accuracy', 'kl']),
    );
    circuits().forEach((circuit, c) => {
      const values = oracleEvaluate(task, circuit, cut);
      const sum = (of: readonly number[], n: number): number =>
        parts.reduce((total, { prompt }, i) => total + (prompt === n ? of[i]! : 0), 0);
      const own = (of: readonly number[], n: number): number[] => of.filter((_, i) => parts[i]!.prompt === n);
      expectClose(
        `circuit ${c}, nll`,
        found[c]!.nll!,
        pairs.map((_, n) => sum(values.nll, n)),
        TOLERANCE,
      );
      expect(found[c]!.accuracy).toEqual(pairs.map((_, n) => Math.max(...own(values.accuracy, n))));
      expectClose(
        `circuit ${c}, kl of the first token`,
        found[c]!.kl!,
        pairs.map((_, n) => own(values.kl, n)[0]!),
        TOLERANCE,
      );
    });
  });

  test('whatever goes through the device at once', async () => {
    const at = (prompts: number): Promise<readonly number[]> =>
      withEvaluator(model, PAIRS, { metric: 'nll', prompts, directEdges: true }, async (evaluator) => {
        const [values] = await evaluator.evaluate([circuits()[2]!], ['nll']);
        return values!.nll!;
      });
    const whole = await at(6);
    expect(whole).toHaveLength(PAIRS.length);
    for (const prompts of [1, 2, 4]) expectSame(`${prompts} at once`, await at(prompts), whole);
  });
});

describe('scores are those of the sum over the answer', () => {
  test.each(['resample', 'zero'] as const)('eap, %s ablation', async (ablation) => {
    const parts = tokenByToken(PAIRS).map(({ pair }) => pair);
    const oracles = await oraclesOf(model.loaded, parts, { metric: 'nll', ablation });
    const perPart = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), CLEAN));
    const wanted = perPart.map((score) => (score * parts.length) / PAIRS.length);
    expect(largest(wanted)).toBeGreaterThan(1e-3);
    expectClose('eap', await scoresOf(model, PAIRS, { metric: 'nll', ablation }), wanted, TOLERANCE * largest(wanted));
  });

  test.each(['eap-ig-inputs', 'eap-ig-activations', 'clean-corrupted'] as const)('%s', async (method) => {
    const parts = tokenByToken(PAIRS).map(({ pair }) => pair);
    const each = await scoresOf(model, parts, { metric: 'nll', method });
    const wanted = [...each].map((score) => (score * parts.length) / PAIRS.length);
    expectClose(method, await scoresOf(model, PAIRS, { metric: 'nll', method }), wanted, TOLERANCE * largest(wanted));
  });

  test('gradient dropout is refused', async () => {
    const options = { metric: 'nll', method: 'eap', backward: 'atp-star', gradDrop: true } as const;
    await expect(scoresOf(model, PAIRS, options)).rejects.toThrow('a whole answer has at several positions');
  });
});
