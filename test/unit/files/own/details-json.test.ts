import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../../src/base/errors.js';
import type { CircuitDetails } from '../../../../src/circuit/details.js';
import { parseDetails, writeDetails } from '../../../../src/files/index.js';
import { SAMPLE_KEPT } from '../../../support/sample-circuit.js';
import { sampleDetails, unmeasuredDetails, unmeasuredNode } from '../../../support/sample-details.js';

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

interface HeadJson {
  attention_1e4: number[][];
  attention_corrupted_1e4?: unknown[][];
  at?: unknown[];
  looks?: Record<string, unknown>[];
  verdicts?: Record<string, unknown>[];
  writes?: unknown;
  answer_rank?: unknown[];
  in_circuit?: unknown[];
  direct: unknown[];
  detectors?: { previous_token: { mul: unknown; exclude_bos_and_current?: object } } | null;
  ov?: { words: unknown; copying: { top1_is_self: unknown }; tokens: { promotes: unknown }[] } | null;
}

interface DetailsJson {
  schema_version: number;
  of: { kept_edges: unknown };
  prompts?: {
    clean: unknown[];
    corrupted: unknown[];
    position: number;
    top?: Record<string, unknown>[];
    probability?: Record<string, unknown>;
  }[];
  nodes: Record<'a1.h0' | 'm1', HeadJson>;
  rest: { constants: number[] } | null;
  edges: Record<string, unknown[]>;
  in_circuit: Record<string, unknown[]>;
  reads?: Record<string, { query: number; kept_1e4: number[]; cut_1e4: number[] }[][]>;
  written_through?: Record<string, unknown>;
  curve?: { edges: number; faithfulness: unknown }[];
}

/** The sample's file with a change of its JSON. */
function changed(change: (file: DetailsJson) => void): string {
  const file = JSON.parse(writeDetails(sampleDetails())) as DetailsJson;
  change(file);
  return JSON.stringify(file);
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
  test('what is read is what was written, up to rounding', () => {
    const details = sampleDetails();
    const read = parseDetails(writeDetails(details), 'details.json');
    expect(writeDetails(read)).toBe(writeDetails(details));
    const [written, back] = [details.nodes['a1.h0']!, read.nodes['a1.h0']!];
    written.attention!.forEach((pattern, n) => {
      expect(back.attention![n]).toHaveLength(pattern.length);
      pattern.forEach((share, i) => expect(Math.abs(back.attention![n]![i]! - share)).toBeLessThanOrEqual(5.01e-5));
    });
    const plain = (of: CircuitDetails): object => ({
      ...of,
      nodes: Object.entries(of.nodes).map(([name, node]) => [name, { ...node, attention: null }]),
      reads: Object.entries(of.reads).map(([name, rows]) => [name, rows.map((row) => row.map(({ query }) => query))]),
      prompts: of.prompts.map((prompt) => ({ ...prompt, logitDifference: prompt.logitDifference?.toFixed(6) })),
    });
    expect(plain(read)).toEqual(plain(details));
  });

  test('takes a line for every prompt, node and edge, in the order given', () => {
    const lines = writeDetails(sampleDetails()).split('\n');
    expect(lines.filter((line) => line.startsWith('{"clean"'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('"a1.h0": ') || line.startsWith('"m1": '))).toHaveLength(2);
    const edges = lines.filter((line) => /^"[^"]*->/.test(line)).map((line) => /^"([^"]*)"/.exec(line)![1]);
    expect(edges).toEqual([
      ...Object.keys(SAMPLE_KEPT),
      ...Object.keys(SAMPLE_KEPT),
      'a0.h1->a1.h0<q>',
      'a0.h1->a1.h0<v>',
    ]);
    expect(lines.filter((line) => line.startsWith('"attention_1e4"'))).toEqual([]);
    expect(lines.find((line) => line.startsWith('"a1.h0"'))).toContain(
      '"attention_1e4":[[10000,2500,7500,0,2000,8000],[10000]]',
    );
  });

  test('of an empty circuit without answers', () => {
    const { prompts } = sampleDetails();
    const details = unmeasuredDetails({
      of: { model: 'm', task: 't', keptEdges: 0 },
      prompts: prompts.map((prompt) => ({ ...prompt, correct: [], wrong: [], logitDifference: null })),
      nodes: { input: unmeasuredNode() },
      rest: null,
      edges: {},
      inCircuit: {},
    });
    expect(parseDetails(writeDetails(details), 'details.json')).toEqual(details);
  });

  test('effects that are not finite survive', () => {
    const details = sampleDetails({ edges: { 'm1->logits': [Number.NaN, 1] } });
    expect(parseDetails(writeDetails(details), 'details.json').edges['m1->logits']).toEqual([Number.NaN, 1]);
  });

  test.each([2, 3])('version %i, which knew less, is read', (version) => {
    const text = changed((file) => {
      file.schema_version = version;
      for (const prompt of file.prompts!) {
        delete prompt.top;
        delete prompt.probability;
      }
      for (const node of Object.values(file.nodes)) {
        delete node.attention_corrupted_1e4;
        delete node.at;
        delete node.looks;
        delete node.verdicts;
        delete node.writes;
        delete node.answer_rank;
        delete node.in_circuit;
        if (version === 3) continue;
        delete node.detectors;
        delete node.ov;
      }
      delete file.reads;
      delete file.written_through;
      delete file.curve;
    });
    const details = sampleDetails();
    const { attention, direct, promotes, suppresses, detectors, ov } = details.nodes['a1.h0']!;
    const read = parseDetails(text, 'details.json');
    expect(read.edges).toEqual(details.edges);
    expect(read).toMatchObject({ reads: {}, writtenThrough: {}, curve: null });
    expect(read.prompts[0]).toMatchObject({ top: [], probability: null });
    expect(read.nodes['a1.h0']).toEqual(
      unmeasuredNode({
        attention: attention!.map(() => expect.any(Float32Array) as Float32Array),
        direct,
        promotes,
        suppresses,
        ...(version === 3 && { detectors, ov }),
      }),
    );
  });

  test('of which only the first prompt has rows and corrupted attention is read and written the same', () => {
    const text = changed((file) => {
      file.nodes['a1.h0'].attention_corrupted_1e4!.pop();
      file.reads!['a0.h1->a1.h0<q>']!.pop();
    });
    const read = parseDetails(text, 'details.json');
    expect(read.nodes['a1.h0']!.corruptedAttention).toHaveLength(1);
    expect(read.reads['a0.h1->a1.h0<q>']).toHaveLength(1);
    expect(parseDetails(writeDetails(read), 'details.json')).toEqual(read);
  });

  test('names from the file reach no prototype', () => {
    const text = writeDetails(sampleDetails()).replace('"m1": ', '"__proto__": ');
    expect(Object.keys(parseDetails(text, 'details.json').nodes)).not.toContain('m1');
    expect(({} as Record<string, unknown>)['direct']).toBeUndefined();
  });

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
