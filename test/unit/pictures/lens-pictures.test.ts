/** Pictures of a lens run: every part has one, and its numbers. */
import { expect, test } from 'vitest';
import type { LensReport } from '../../../src/files/own/lens-json.js';
import { bars } from '../../../src/pictures/bars.js';
import { picturesOf } from '../../../src/pictures/instrument-pictures.js';

const of = {
  engine_version: '0',
  adapter: 'none',
  model: { name: 'm', hash: '' },
  task: { name: '<t>', hash: '' },
  prompts: { count: 1, skip: 0 },
};
const tokens: [string, number][] = [['</svg>', 1]];
const perHead = [[0.25, null]];
const layer = { p_answer: 0.5, rank: 9, logit_answer: 1, p_correct_set: null, top5: tokens };
const PARTS: LensReport = {
  logit_lens: { prompts: [{ row: 7, answer: 1, answer_token: ' <Mary>', layers: [{ layer: 0, ...layer }] }] },
  direct_attribution: {
    target: 't',
    components: ['input', 'b_O.0'],
    values: [[2, -0.5]],
    total: [1.5],
    ln_f_denominator: [1],
  },
  ffn_values: {
    rows: [0, 1],
    layers: [
      [{ neuron: 4, effect: 1, coefficient_mean: -1, effect_per_prompt: [1], top10: tokens, bottom3: [[' low', -1]] }],
    ],
  },
  head_detectors: {
    rows: [0, 1],
    scores: { induction: { mul_mean: perHead, abs_mean: perHead, mul_row0: perHead, abs_row0: perHead } },
  },
  hit_at_k: { k: [1, 5], model: { hit: [0, 1], ranks: [3] }, circuit: { hit: [0, 0.5], ranks: [3] } },
  triggers: [{ layer: 0, neuron: 3, examples: [{ line: 2, position: 1, token: '&', coefficient: 4, context: 'a' }] }],
  neuron_increase: {
    without: ['a0.h1'],
    log_p: [-1],
    log_p_without: [-2],
    neurons: [
      {
        layer: 0,
        neuron: 5,
        increase: 1,
        increase_without: 0.25,
        increase_per_prompt: [1],
        coefficient_mean: 1,
        top10: tokens,
      },
    ],
  },
  ov_qk: {
    word_ids: [1],
    distance: 0,
    heads: {
      'a0.h0': {
        ov_top: [],
        ov_top_among_words: [],
        qk_top: [],
        ov_copying: { diagonal_mean: 0, mean: 0, top1_is_self: 0, top5_has_self: 0 },
        qk_diagonal: { diagonal_mean: 0, mean: 0 },
        ov_eigenvalue_copying: -0.5,
      },
    },
  },
};
const SAYS: readonly (readonly [keyof LensReport, readonly string[]])[] = [
  ['logit_lens', ['after the last, 7 ␣&lt;Mary&gt;: 0.5', 'after the last, 7 ␣&lt;Mary&gt;: 1<', 'probability']],
  ['direct_attribution', ['input: 2<', 'b_O.0: -0.5<', 'logit difference: 1.5<']],
  ['ov_qk', ['layer 0, 0: -0.5<']],
  ['ffn_values', ['m0.n4: ␣low']],
  ['head_detectors', ['layer 0, 0: 0.25<', 'layer 0, 1: none<']],
  ['hit_at_k', ['Hit@5: 1<', 'Hit@5: 0.5<']],
  ['triggers', ['m0.n3: &amp;, line 2: 4<']],
  ['neuron_increase', ['without a0.h1', 'm0.n5: 0.75<']],
];

test.each(SAYS)('%s alone', (part, says) => {
  const { svg, width, height } = picturesOf({ instrument: 'lens', of, result: { [part]: PARTS[part] } });
  for (const words of says) expect(svg).toContain(words);
  expect(svg).not.toMatch(/NaN|Infinity|<Mary>|<t>/);
  expect(svg.match(/<\/svg>/g)).toHaveLength(1);
  expect(Math.min(width, height)).toBeGreaterThan(100);
});

test('all parts are one below the other', () => {
  const { svg, height } = picturesOf({ instrument: 'lens', of, result: PARTS });
  for (const [, says] of SAYS) for (const words of says) expect(svg).toContain(words);
  expect(height).toBeGreaterThan(600);
});

test('each step of a waterfall begins where the one above it ends', () => {
  const { parts } = bars({
    name: 'n',
    bars: [
      { label: 'a', value: 2 },
      { label: 'b', value: -1, from: 2 },
      { label: 'c', value: 3, from: 1 },
      { label: 'sum', value: 4 },
    ],
    unit: 'u',
  });
  const boxes = [...parts.join('').matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)].map(([, x, width]) => [
    Number(x),
    Number(x) + Number(width),
  ]);
  const [a, b, c, sum] = boxes as [number, number][];
  expect(b![1]).toBeCloseTo(a![1]!, 1);
  expect(c![0]).toBeCloseTo(b![0]!, 1);
  expect(sum![0]).toBeCloseTo(a![0]!, 1);
  expect(sum![1]).toBeCloseTo(c![1]!, 1);
});
