/** What must hold of judgements whatever the model: at the ends, under other prompts and scales, and of their words. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { percent, type JudgeEvaluator } from '../../../src/judge/judged.js';
import { JUDGEMENT_NAMES, judgeCircuit, type JudgementName } from '../../../src/judge/judgements.js';
import { drawAll } from '../../../src/judge/draw.js';
import { SAMPLE_TOPOLOGY as topology } from '../../support/sample-circuit.js';

const PROMPTS = 12;
const pairs = Array.from({ length: PROMPTS }, () => {
  return { clean: [1], corrupted: [2], position: 0, correct: [3], wrong: [4] };
});
const id = (name: string): number => topology.edgeId(name)!;
const edges = (ids: Iterable<number>): EdgeSet => EdgeSet.of(topology, [...EdgeSet.empty(topology), ...ids]);
const WHOLE = EdgeSet.full(topology);
const EMPTY = EdgeSet.empty(topology);
/** Loss of a circuit on a prompt, and whether its answer is right. */
type Loss = (circuit: EdgeSet, prompt: number) => number;
type Right = (circuit: EdgeSet, prompt: number) => boolean;

function evaluatorOf(loss: Loss, right: Right = () => true): JudgeEvaluator {
  const value = (name: string, circuit: EdgeSet, i: number): number =>
    name === 'accuracy' ? 0 - Number(right(circuit, i)) : loss(circuit, i);
  return {
    most: 5,
    evaluate: (circuits, metrics) =>
      Promise.resolve(
        circuits.map((circuit) =>
          Object.fromEntries(metrics.map((name) => [name, pairs.map((_, i) => value(name, circuit, i))])),
        ),
      ),
  };
}

/** Every edge is worth something else on every prompt. */
const mixed: Loss = (circuit, prompt) =>
  [...circuit].reduce(
    (sum, edge) => sum - (edge < topology.additionEdges ? 1 + Math.sin(3 * edge + prompt * (1 + (edge % 5))) : 0),
    0,
  );

/** A circuit of so much faithfulness whose complement leaves so much. */
const given =
  (kept: EdgeSet, faithfulness: number, left: number): Loss =>
  (circuit, prompt) => {
    const scale = -(1 + prompt / 10);
    if (circuit.equals(WHOLE)) return scale;
    if (circuit.equals(kept)) return faithfulness * scale;
    return circuit.additionSize > kept.additionSize ? left * scale : 0;
  };

async function verdicts(loss: Loss, kept: EdgeSet, names: readonly JudgementName[] = JUDGEMENT_NAMES, right?: Right) {
  const draws = drawAll(kept, PROMPTS, 1);
  const magnitudes = () => Promise.resolve(Float64Array.from({ length: topology.edgeCount }, (_, one) => one));
  const setting = { metric: 'logit-diff', pairs, seed: 1, draws, magnitudes } as const;
  const { verdicts: all } = await judgeCircuit(evaluatorOf(loss, right), kept, names, setting);
  return Object.fromEntries(all.map((one) => [one.name, one]));
}

const SOME = edges([0, 3, 4, 9, 11].map((place) => place % topology.additionEdges));

describe('at the ends', () => {
  test('the whole model is faithful, needed, complete, near on each prompt, and equivalent to itself', async () => {
    const of = await verdicts(mixed, WHOLE);
    expect(of['faithfulness']).toMatchObject({ value: 1, verdict: 'good' });
    expect(of['necessity']).toMatchObject({ value: 1, verdict: 'good' });
    expect(of['ndf']).toMatchObject({ value: 1, verdict: 'good' });
    expect(of['completeness']).toMatchObject({ value: 0, verdict: 'good' });
    expect(of['equivalence']).toMatchObject({ value: 1, verdict: 'good', result: { wins: 0, ties: PROMPTS } });
    expect(of['equivalence']!.result['p_value']).toBeCloseTo(0.4 ** PROMPTS + 0.6 ** PROMPTS, 12);
    for (const name of ['sufficiency', 'partial-necessity', 'minimality']) expect(of[name]!.verdict).toBe('unknown');
    expect(of['random']).toMatchObject({ value: 1, verdict: 'bad', result: { beaten: 0 } });
  });

  test('the empty circuit does nothing and is not needed, and no test makes it a good one', async () => {
    const of = await verdicts(mixed, EMPTY);
    expect(of['faithfulness']).toMatchObject({ value: 0, verdict: 'bad' });
    expect(of['necessity']).toMatchObject({ value: 0, verdict: 'bad' });
    expect(of['ndf']).toMatchObject({ value: 0, verdict: 'bad' });
    expect(of['completeness']).toMatchObject({ value: 1, verdict: 'bad' });
    for (const name of ['sufficiency', 'partial-necessity', 'minimality', 'minimality-ioi']) {
      expect(of[name]!.verdict, name).toBe('unknown');
    }
    for (const name of ['random', 'random-paths', 'magnitude']) expect(of[name]!.verdict, name).toBe('bad');
  });
});

test('the order of the prompts changes no number of means, and no count', async () => {
  const names = JUDGEMENT_NAMES.filter((name) => name !== 'independence');
  const plain = await verdicts(mixed, SOME, names);
  const turned = await verdicts((circuit, prompt) => mixed(circuit, (prompt * 5 + 3) % PROMPTS), SOME, names);
  for (const name of names) {
    expect(turned[name]!.verdict, name).toBe(plain[name]!.verdict);
    expect(turned[name]!.value, name).toBeCloseTo(plain[name]!.value!, 9);
  }
});

test.each([1 / 8, 64])('a metric in other units (x %d, and moved) changes no verdict and no share', async (unit) => {
  const plain = await verdicts(mixed, SOME);
  const scaled = await verdicts((circuit, prompt) => unit * mixed(circuit, prompt) + 3 * unit, SOME);
  for (const name of JUDGEMENT_NAMES) {
    expect(scaled[name]!.verdict, name).toBe(plain[name]!.verdict);
    expect(scaled[name]!.sentence, name).toBe(plain[name]!.sentence);
    expect(scaled[name]!.value, name).toBeCloseTo(plain[name]!.value!, 9);
  }
});

describe('words and numbers', () => {
  test.each([-0.3, 0, 0.1, 0.19, 0.2, 0.5, 0.79, 0.8, 1, 1.4])('necessity %d', async (necessity) => {
    const { necessity: found, 'partial-necessity': partial } = await verdicts(given(SOME, 0.5, 1 - necessity), SOME);
    expect(found!.value).toBeCloseTo(necessity, 12);
    const much = necessity >= 0.8;
    expect(found!.verdict).toBe(much ? 'good' : 'bad');
    expect(found!.sentence).toMatch(much ? /^needed:/ : necessity >= 0.2 ? /^needed in part:/ : /^not needed:/);
    // A test beside random circuits does not say how much is needed.
    expect(partial!.sentence).not.toMatch(/\bneeded\b/);
  });

  test.each([-0.3, 0, 0.1, 0.79, 0.8, 1.2, 1.21])('faithfulness %d', async (faithfulness) => {
    const { faithfulness: found, sufficiency } = await verdicts(given(SOME, faithfulness, 0), SOME);
    const good = faithfulness >= 0.8 && faithfulness <= 1.2;
    expect(found!.verdict).toBe(good ? 'good' : 'bad');
    expect(found!.sentence.startsWith('faithful:')).toBe(good);
    expect(found!.sentence).toContain(percent(found!.value!));
    expect(sufficiency!.sentence).not.toMatch(/^sufficient/);
  });

  test('an overshoot is not better than random circuits that fall short by less', async () => {
    const over: Loss = (circuit, prompt) => {
      if (circuit.equals(WHOLE)) return -1 - prompt;
      if (circuit.equals(SOME)) return -3 * (1 + prompt);
      return circuit.additionSize === 0 ? 0 : -0.5 * (1 + prompt);
    };
    const { random } = await verdicts(over, SOME, ['random']);
    expect(random).toMatchObject({ verdict: 'bad', result: { circuit: 3, beaten: 0 } });
  });

  test('close on the mean alone: the mean is told', async () => {
    const near: Loss = (circuit, prompt) => {
      if (circuit.equals(WHOLE)) return -1;
      return circuit.equals(SOME) ? (prompt < 2 ? -1 : -0.785) : 0;
    };
    const { ndf } = await verdicts(near, SOME, ['ndf']);
    expect(ndf!.sentence).toMatch(/^close prompt by prompt: 82 % on average; on 2 of 12 prompts within 20 %/);
  });

  test.each([
    [0, 0, 'unknown', /^says nothing/],
    [0, 6, 'unknown', /^says nothing/],
    [10, 8, 'good', /^answers about as well/],
    [10, 7, 'bad', /^answers worse/],
  ] as const)('the model right on %i of 12 prompts, the circuit on %i', async (model, circuit, verdict, words) => {
    const right: Right = (one, prompt) => prompt < (one.equals(WHOLE) ? model : circuit);
    const { accuracy } = await verdicts(mixed, SOME, ['accuracy'], right);
    expect(accuracy).toMatchObject({ verdict, value: circuit / 12 });
    expect(accuracy!.sentence).toMatch(words);
  });

  test('nearly all is not all', () => {
    expect([0.98999, 0.9961, 0.9996, 0.99999, 1, -0.9996, -0.001].map(percent)).toEqual([
      '99 %',
      '99.6 %',
      '99.9 %',
      '99.9 %',
      '100 %',
      '-99.9 %',
      '0 %',
    ]);
  });
});

describe('known circuits', () => {
  const [LEFT, RIGHT, REST, DEAD] = ['m0->logits', 'm1->logits', 'input->m0', 'input->logits'].map(id) as [
    number,
    number,
    number,
    number,
  ];
  /** Both sides at half strength do all: the second adds nothing. */
  const redundant: Loss = (circuit) => (circuit.has(LEFT) || circuit.has(RIGHT) ? -6 : 0) - (circuit.has(REST) ? 4 : 0);

  test('one of a redundant pair: faithful, yet neither needed nor complete', async () => {
    const of = await verdicts(redundant, edges([LEFT, REST]));
    expect(of['faithfulness']).toMatchObject({ value: 1, verdict: 'good' });
    expect(of['necessity']!.value).toBeCloseTo(0.4, 12);
    expect(of['necessity']!.sentence).toBe('needed in part: cutting it costs 40 % of the behaviour');
    expect(of['completeness']!.value).toBeCloseTo(0.6, 12);
    expect(of['completeness']!.sentence).toMatch(/^not complete: without the same \d edges?, /);
  });

  test('the pair whole: complete; Shi et al.: each side alone changes nothing, as a dead edge', async () => {
    const of = await verdicts(redundant, edges([LEFT, RIGHT, REST, DEAD]));
    expect(of['completeness']).toMatchObject({ value: 0, verdict: 'good' });
    expect(of['necessity']).toMatchObject({ value: 1, verdict: 'good' });
    const { edges: names, edge_effects: effects } = of['minimality']!.result as {
      edges: string[];
      edge_effects: number[];
    };
    const effect = Object.fromEntries(names.map((name, i) => [name, effects[i]]));
    expect(effect).toEqual({ 'm0->logits': 0, 'm1->logits': 0, 'input->logits': 0, 'input->m0': 16 });
    expect(of['minimality-ioi']!.result['redundant']).toEqual(['input->logits']);
  });

  test('runs that differ by rounding alone are ties, and constant ones say nothing', async () => {
    const noise = (circuit: EdgeSet, prompt: number): number => 1e-7 * Math.sin(circuit.additionSize + 7 * prompt);
    const loss: Loss = (circuit, prompt) => {
      return (circuit.has(LEFT) ? -5 - prompt / 9 : 0) + noise(circuit, prompt);
    };
    const of = await verdicts(loss, edges([LEFT]), ['equivalence', 'independence', 'sufficiency']);
    expect(of['equivalence']).toMatchObject({ verdict: 'good', result: { wins: 0, ties: PROMPTS } });
    expect(of['independence']).toMatchObject({ verdict: 'unknown' });
    const { circuit_loss: own, random_losses: others } = of['sufficiency']!.result as {
      circuit_loss: number;
      random_losses: number[];
    };
    expect(own).toBe(0);
    expect(others.every((other) => other === 0 || other > 1)).toBe(true);
  });

  test('a metric that breaks down without some edges has no completeness, no equivalence, no minimality', async () => {
    const broken: Loss = (circuit, prompt) => (circuit.has(REST) ? redundant(circuit, prompt) : Number.NaN);
    const kept = edges([LEFT, REST, DEAD]);
    const loss: Loss = (circuit, prompt) => (circuit.additionSize === 0 ? 0 : broken(circuit, prompt));
    const of = await verdicts(loss, kept, ['completeness', 'minimality-ioi']);
    expect(of['completeness']).toMatchObject({ verdict: 'unknown', value: null });
    expect(of['minimality-ioi']).toMatchObject({ verdict: 'unknown', value: null });
    const never: Loss = (circuit, prompt) => (circuit.equals(kept) ? Number.NaN : redundant(circuit, prompt));
    const { equivalence } = await verdicts(never, kept, ['equivalence']);
    expect(equivalence).toMatchObject({ verdict: 'unknown', value: null, result: { wins: null, p_value: null } });
  });
});
