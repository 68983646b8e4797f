import { expect, test } from 'vitest';
import {
  parseInstrument,
  writeInstrument,
  type InstrumentProvenance,
} from '../../../../src/files/own/instrument-json.js';
import { LENS_PARTS, type LensReport } from '../../../../src/files/own/lens-json.js';

const OF: InstrumentProvenance = {
  engine_version: '0.0.0',
  adapter: 'none',
  model: { name: 'm', hash: 'ab' },
  task: { name: 't', hash: 'cd' },
  prompts: { count: 1, skip: 3 },
};
const files = { circuit: null, text: { name: 'texts.txt', sha256: 'ef' } };
const written = (report: LensReport): string =>
  writeInstrument({ instrument: 'lens', of: OF, result: { ...report, files } });

const hits = { hit: [0, 1, 1], ranks: [3] };
const REPORT: LensReport = {
  logit_lens: {
    prompts: [
      {
        row: 3,
        answer: 5,
        answer_token: ' Mary',
        layers: [
          { layer: 0, p_answer: 0.25, rank: 1, logit_answer: -2, p_correct_set: null, top5: [['</script>', 0.5]] },
        ],
      },
    ],
  },
  direct_attribution: {
    target: 'logit[correct]-logit[wrong]',
    components: ['input', 'ln_f.bias'],
    values: [[1, -0.5]],
    total: [0.5],
    ln_f_denominator: [2],
  },
  ov_qk: {
    word_ids: [1],
    distance: 0,
    heads: {
      'a0.h0': {
        ov_top: [[1, 2, 0.5]],
        ov_top_among_words: [[1, 1, 0.25]],
        qk_top: [[1, 1, -1]],
        ov_copying: { diagonal_mean: 0, mean: 0, top1_is_self: 1, top5_has_self: 1 },
        qk_diagonal: { diagonal_mean: 0, mean: 0 },
        ov_eigenvalue_copying: null,
      },
    },
  },
  ffn_values: {
    rows: [3, 4],
    layers: [
      [
        {
          neuron: 0,
          effect: 1,
          coefficient_mean: -1,
          effect_per_prompt: [1],
          top10: [['a', 1]],
          bottom3: [['b', -1]],
        },
      ],
    ],
  },
  head_detectors: {
    rows: [3, 4],
    scores: { induction: { mul_mean: [[null]], abs_mean: [[0]], mul_row0: [[null]], abs_row0: [[0]] } },
  },
  hit_at_k: { k: [1, 5, 10], model: hits, circuit: hits },
  triggers: [
    { layer: 0, neuron: 0, examples: [{ line: 1, position: 2, token: 'x', coefficient: 3, context: 'a b x' }] },
  ],
  neuron_increase: {
    without: ['a0.h0'],
    log_p: [-1],
    log_p_without: [-2],
    neurons: [
      {
        layer: 0,
        neuron: 0,
        increase: 1,
        increase_without: 0,
        increase_per_prompt: [1],
        coefficient_mean: 1,
        top10: [['a', 1]],
      },
    ],
  },
};

test('what is written is read back, every part', () => {
  expect(Object.keys(REPORT)).toEqual(LENS_PARTS);
  const text = written(REPORT);
  expect(parseInstrument(text, 'lens.json')).toEqual({ instrument: 'lens', of: OF, result: { ...REPORT, files } });
  expect(text.endsWith('\n')).toBe(true);
  for (const part of LENS_PARTS) {
    const one = { [part]: REPORT[part] };
    expect(parseInstrument(written(one), 'lens.json').result).toEqual({ ...one, files });
  }
});

type Json = Record<string, unknown>;
test.each<[string, (file: Json) => unknown, RegExp]>([
  ['another program', () => ({}), /lens\.json: edgewise: is missing/],
  [
    'ranks that are no counts',
    (file) => ({ ...file, hit_at_k: { k: [1], model: { ...hits, ranks: [-1] } } }),
    /hit_at_k\.model\.ranks\.0/,
  ],
  [
    'texts for numbers',
    (file) => ({ ...file, direct_attribution: { ...REPORT.direct_attribution, total: ['1'] } }),
    /direct_attribution\.total\.0: got "1"/,
  ],
  [
    'a token without its number',
    (file) => ({
      ...file,
      neuron_increase: {
        ...REPORT.neuron_increase,
        neurons: [{ ...REPORT.neuron_increase!.neurons[0], top10: [['a']] }],
      },
    }),
    /neuron_increase\.neurons\.0\.top10\.0\.1/,
  ],
  ['a part that is no object', (file) => ({ ...file, ov_qk: [] }), /ov_qk/],
])('refused in one line that names the file and the field: %s', (_, change, message) => {
  const file = JSON.parse(written(REPORT)) as Json;
  const read = (): unknown => parseInstrument(JSON.stringify(change(file)), 'lens.json');
  expect(read).toThrow(message);
  expect(read).not.toThrow(/\n/);
});
