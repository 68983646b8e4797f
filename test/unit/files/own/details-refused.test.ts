import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../../src/base/errors.js';
import { parseDetails } from '../../../../src/files/index.js';
import { changedDetails as changed } from '../../../support/changed-details.js';

function complaint(text: string): string {
  try {
    parseDetails(text, 'details.json');
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.kind).toBe('circuit');
    expect(error.where).toBe('details.json');
    expect(error.message).toMatch(/^[^\p{Cc}\p{Cf}]{1,400}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

const refusedOfHeads: readonly [string, string, RegExp][] = [
  [
    'two of three corrupted patterns',
    changed((file) => file.nodes['a1.h0'].attention_corrupted_1e4!.push([10_000])),
    /nodes\.a1\.h0\.attention_corrupted_1e4: 3 values, expected 2/,
  ],
  [
    'a corrupted pattern of a wrong size',
    changed((file) => (file.nodes['a1.h0'].attention_corrupted_1e4![1] = [10_000, 0, 0])),
    /attention_corrupted_1e4\.1: 3 values, expected 1/,
  ],
  [
    'a place outside',
    changed((file) => (file.nodes.m1.at![1] = 1)),
    /nodes\.m1\.at\.1: got 1, expected less than the 1/,
  ],
  ['half a place', changed((file) => (file.nodes.m1.at![0] = 0.5)), /nodes\.m1\.at: .*whole numbers from 0/],
  ['a place too few', changed((file) => file.nodes.m1.at!.pop()), /nodes\.m1\.at: 1 values, expected 2/],
  [
    'an unknown role',
    changed((file) => (file.nodes['a1.h0'].looks![0]!['from'] = 'self')),
    /looks\.0\.from: got "self"/,
  ],
  [
    'a look at nothing known',
    changed((file) => (file.nodes['a1.h0'].looks![0]!['at'] = '__proto__')),
    /looks\.0\.at: got "__proto__"/,
  ],
  ['a look above 1', changed((file) => (file.nodes['a1.h0'].looks![0]!['share'] = 1.5)), /looks\.0\.share: got 1\.5/],
  [
    'a look on more prompts than there are',
    changed((file) => (file.nodes['a1.h0'].looks![0]!['prompts'] = 3)),
    /looks\.0\.prompts: got 3, expected 1 to 2/,
  ],
  [
    'an unknown verdict',
    changed((file) => (file.nodes['a1.h0'].verdicts![0]!['kind'] = 'mover')),
    /verdicts\.0\.kind: got "mover"/,
  ],
  ['rank 0', changed((file) => (file.nodes['a1.h0'].answer_rank![0] = 0)), /answer_rank: .*whole numbers from 1/],
  ['a rank too many', changed((file) => file.nodes['a1.h0'].answer_rank!.push(1)), /answer_rank: 3 values, expected 2/],
  ['an effect too few', changed((file) => file.nodes.m1.in_circuit!.pop()), /m1\.in_circuit: 1 values, expected 2/],
];

const refusedOfCircuits: readonly [string, string, RegExp][] = [
  [
    'a likely token without its probability',
    changed((file) => delete file.prompts![0]!.top![0]!['probability']),
    /prompts\.0\.top\.0\.probability: is missing/,
  ],
  [
    'a probability below 0',
    changed((file) => (file.prompts![1]!.probability!['wrong'] = -0.1)),
    /prompts\.1\.probability\.wrong: got -0\.1, expected a number from 0 to 1/,
  ],
  [
    'a row outside of the prompt',
    changed((file) => (file.reads!['a0.h1->a1.h0<q>']![1]![0]!.query = 1)),
    /reads\.a0\.h1->a1\.h0<q>\.1\.0\.query: got 1/,
  ],
  [
    'a row of a wrong size',
    changed((file) => file.reads!['a0.h1->a1.h0<q>']![0]![0]!.cut_1e4.push(0)),
    /\.0\.0\.cut_1e4: 3 values, expected 2/,
  ],
  [
    'rows of more prompts than there are',
    changed((file) => file.reads!['a0.h1->a1.h0<q>']!.push([])),
    /reads\.a0\.h1->a1\.h0<q>: 3 values, expected 2/,
  ],
  [
    'tokens that are written and are none',
    changed((file) => (file.written_through!['a0.h1->a1.h0<v>'] = [7])),
    /written_through\.a0\.h1->a1\.h0<v>\.0: got 7/,
  ],
  [
    'a curve that falls',
    changed((file) => (file.curve![1]!.edges = 3)),
    /curve\.1\.edges: got 3, expected more than 3/,
  ],
  [
    'a curve beyond the circuit',
    changed((file) => (file.curve![1]!.edges = 8)),
    /curve\.1\.edges: got 8, .* at most 7/,
  ],
  ['a curve of texts', changed((file) => (file.curve![0]!.faithfulness = '1')), /curve\.0\.faithfulness: got "1"/],
];

describe('details.json', () => {
  test.each<[string, string, RegExp]>([
    ['no JSON', '{"schema_version": 1,', /not valid JSON/],
    ['nothing', '', /not valid JSON/],
    ['an array', '[]', /schema_version: is missing/],
    [
      'another version',
      changed((file) => (file.schema_version = 5)),
      /schema_version: got 5, expected \(2 \| 3 \| 4\)/,
    ],
    ['no prompts', changed((file) => delete file.prompts), /prompts: is missing/],
    ['a text for a count', changed((file) => (file.of.kept_edges = '7')), /of\.kept_edges: got "7"/],
    ['a position outside', changed((file) => (file.prompts![1]!.position = 1)), /prompts\.1\.position: got 1/],
    [
      'unequal prompts',
      changed((file) => file.prompts![0]!.corrupted.pop()),
      /prompts\.0\.corrupted: 2 values, expected 3/,
    ],
    [
      'a token that is no text',
      changed((file) => (file.prompts![0]!.clean[1] = 7)),
      /prompts\.0\.clean: .*array of texts/,
    ],
    [
      'a pattern of a wrong size',
      changed((file) => file.nodes['a1.h0'].attention_1e4[0]!.pop()),
      /nodes\.a1\.h0\.attention_1e4\.0: 5 values, expected 6/,
    ],
    [
      'a pattern too few',
      changed((file) => file.nodes['a1.h0'].attention_1e4.pop()),
      /nodes\.a1\.h0\.attention_1e4: 1 values, expected 2/,
    ],
    [
      'attention above 1',
      changed((file) => (file.nodes['a1.h0'].attention_1e4[1] = [10_001])),
      /attention_1e4\.1: .*integers from 0 to 10000/,
    ],
    [
      'a detector without its score',
      changed((file) => (file.nodes['a1.h0'].detectors!.previous_token.mul = '1')),
      /nodes\.a1\.h0\.detectors\.previous_token\.mul: got "1"/,
    ],
    [
      'a detector in part',
      changed((file) => delete file.nodes['a1.h0'].detectors!.previous_token.exclude_bos_and_current),
      /detectors\.previous_token\.exclude_bos_and_current: is missing/,
    ],
    [
      'a share above 1',
      changed((file) => (file.nodes['a1.h0'].ov!.copying.top1_is_self = 1.5)),
      /ov\.copying\.top1_is_self: got 1\.5, expected a number from 0 to 1/,
    ],
    [
      'half a token of words',
      changed((file) => (file.nodes['a1.h0'].ov!.words = 2.5)),
      /nodes\.a1\.h0\.ov\.words: got 2\.5/,
    ],
    [
      'tokens that are none',
      changed((file) => (file.nodes['a1.h0'].ov!.tokens[0]!.promotes = [' a'])),
      /ov\.tokens\.0\.promotes\.0: got " a"/,
    ],
    ['null in direct', changed((file) => (file.nodes.m1.direct[0] = null)), /nodes\.m1\.direct: .*finite numbers/],
    ['direct without rest', changed((file) => (file.rest = null)), /direct: must be null exactly where rest is/],
    ['a rest too short', changed((file) => file.rest!.constants.pop()), /rest\.constants: 1 values, expected 2/],
    [
      'an effect too many',
      changed((file) => file.edges['m1->logits']!.push(0)),
      /edges\.m1->logits: 3 values, expected 2/,
    ],
    [
      'a text among effects',
      changed((file) => (file.edges['m1->logits']![0] = 'x')),
      /edges\.m1->logits: .*numbers or null/,
    ],
    [
      'an effect in the circuit too few',
      changed((file) => file.in_circuit['m1->logits']!.pop()),
      /in_circuit\.m1->logits: 1 values, expected 2/,
    ],
    ...refusedOfHeads,
    ...refusedOfCircuits,
    [
      'a long text in place of a number',
      changed((file) => (file.of.kept_edges = 'x\n'.repeat(999))),
      /of\.kept_edges: got/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(complaint(text)).toMatch(message);
  });
});
