import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../../src/base/errors.js';
import type { CircuitDetails } from '../../../../src/circuit/details.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { detailsTooLarge } from '../../../../src/cli/folder/details-limit.js';
import { detailsFit, estimateDetailsBytes, parseDetails, writeDetails } from '../../../../src/files/index.js';
import { randomNumbers } from '../../../support/random.js';
import { SAMPLE_KEPT, sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
import { unmeasuredNode } from '../../../support/sample-details.js';

/** Two prompts of three tokens and of one, a head and an MLP; texts as hostile as tokenizers make them. */
function sampleDetails(changes: Partial<CircuitDetails> = {}): CircuitDetails {
  const { model, task } = sampleProvenance();
  const prompt = (clean: string[], position: number): CircuitDetails['prompts'][number] => ({
    clean,
    corrupted: clean.map(() => ' "x"\n'),
    position,
    correct: [' yes'],
    wrong: ['<0xE2>', '\u2028'],
    metrics: { whole: 0, circuit: -0.25, empty: null },
    logitDifference: 1 / 3,
    top: [],
    probability: null,
  });
  return {
    of: { model: model.hash, task: task.hash, keptEdges: Object.keys(SAMPLE_KEPT).length },
    metric: 'kl',
    prompts: [prompt(['a', ' b', '__proto__'], 1), prompt(['c'], 0)],
    nodes: {
      'a1.h0': unmeasuredNode({
        attention: [Float32Array.of(1, 0, 0, 0.25, 0.75, 0, 0.00004, 0.2, 0.79996), Float32Array.of(1)],
        direct: [1.5, -2e-9],
        promotes: [{ token: ' yes', logit: 3.5 }],
        suppresses: [{ token: '', logit: -1 }],
        detectors: {
          previous_token: { mul: 0.93, abs: 0.5, excludeBosAndCurrent: { mul: Number.NaN, abs: 1 } },
          duplicate_token: { mul: 0, abs: -0.25, excludeBosAndCurrent: { mul: 0.125, abs: 0.75 } },
          induction: { mul: 0.25, abs: 0, excludeBosAndCurrent: { mul: 1, abs: 1 } },
        },
        ov: {
          words: 3,
          copying: { diagonalMean: -0.5, mean: 0.25, top1IsSelf: 0, top5HasSelf: 1 },
          tokens: [{ token: '__proto__', promotes: [{ token: '\ud800', logit: 2 }] }],
        },
      }),
      m1: unmeasuredNode({ direct: [0, 0.1] }),
    },
    rest: { writers: [0.5, 0.25], constants: [-0.125, 1e-3] },
    edges: Object.fromEntries(Object.entries(SAMPLE_KEPT).map(([name, effect]) => [name, [effect, 2 * effect]])),
    inCircuit: Object.fromEntries(Object.keys(SAMPLE_KEPT).map((name, i) => [name, [i, 0.5 - i / 4]])),
    reads: {},
    writtenThrough: {},
    curve: null,
    ...changes,
  };
}

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
  direct: unknown[];
  detectors?: { previous_token: { mul: unknown; exclude_bos_and_current?: object } } | null;
  ov?: { words: unknown; copying: { top1_is_self: unknown }; tokens: { promotes: unknown }[] } | null;
}

interface DetailsJson {
  schema_version: number;
  of: { kept_edges: unknown };
  prompts?: { clean: unknown[]; corrupted: unknown[]; position: number }[];
  nodes: Record<'a1.h0' | 'm1', HeadJson>;
  rest: { constants: number[] } | null;
  edges: Record<string, unknown[]>;
  in_circuit: Record<string, unknown[]>;
}

/** The sample's file with a change of its JSON. */
function changed(change: (file: DetailsJson) => void): string {
  const file = JSON.parse(writeDetails(sampleDetails())) as DetailsJson;
  change(file);
  return JSON.stringify(file);
}

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
      prompts: of.prompts.map((prompt) => ({ ...prompt, logitDifference: prompt.logitDifference?.toFixed(6) })),
    });
    expect(plain(read)).toEqual(plain(details));
  });

  test('takes a line for every prompt, node and edge, in the order given', () => {
    const lines = writeDetails(sampleDetails()).split('\n');
    expect(lines.filter((line) => line.startsWith('{"clean"'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('"a1.h0": ') || line.startsWith('"m1": '))).toHaveLength(2);
    const edges = lines.filter((line) => /^"[^"]*->/.test(line)).map((line) => /^"([^"]*)"/.exec(line)![1]);
    expect(edges).toEqual([...Object.keys(SAMPLE_KEPT), ...Object.keys(SAMPLE_KEPT)]);
    expect(lines.filter((line) => line.startsWith('"attention_1e4"'))).toEqual([]);
    expect(lines.find((line) => line.startsWith('"a1.h0"'))).toContain(
      '"attention_1e4":[[10000,2500,7500,0,2000,8000],[10000]]',
    );
  });

  test('of an empty circuit without answers', () => {
    const { prompts } = sampleDetails();
    const details = sampleDetails({
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

  test('version 2, which knew neither detectors nor the tokens of heads, is read', () => {
    const text = changed((file) => {
      file.schema_version = 2;
      for (const node of Object.values(file.nodes)) {
        delete node.detectors;
        delete node.ov;
      }
    });
    const { nodes, ...read } = parseDetails(text, 'details.json');
    expect(nodes['a1.h0']).toMatchObject({ detectors: null, ov: null, promotes: [{ token: ' yes', logit: 3.5 }] });
    expect(read.edges).toEqual(sampleDetails().edges);
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
    ['another version', changed((file) => (file.schema_version = 4)), /schema_version: got 4, expected \(2 \| 3\)/],
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
    [
      'a long text in place of a number',
      changed((file) => (file.of.kept_edges = 'x\n'.repeat(999))),
      /of\.kept_edges: got/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(complaint(text)).toMatch(message);
  });
});

describe('details and circuit', () => {
  const circuit = sampleCircuit();
  const details = sampleDetails();

  test('fit where weights, task and kept edges agree; a circuit without provenance is known by its edges', () => {
    expect(detailsFit(details, circuit)).toBe(true);
    expect(detailsFit(details, { ...circuit, provenance: null })).toBe(true);
  });

  test('what the edges were measured with counts, not what the circuit was found with', () => {
    const { model, task, prompts, ablation, meanOver, input, metric } = sampleProvenance();
    const effects = new Float64Array(circuit.topology.edgeCount);
    const other = { ...task, hash: 'ee'.repeat(32) };
    const measuredWith = { model, task: other, prompts, ablation, meanOver, input, metric };
    const elsewhere = sampleCircuit({ inCircuit: { effects, idle: [], curve: [], measuredWith } });
    expect(detailsFit(details, elsewhere)).toBe(false);
    expect(detailsFit({ ...details, of: { ...details.of, task: other.hash } }, elsewhere)).toBe(true);
  });

  test.each<[string, CircuitDetails, Parameters<typeof detailsFit>[1]]>([
    [
      'other weights',
      details,
      { ...circuit, provenance: sampleProvenance({ model: { name: '', hash: '', family: '' } }) },
    ],
    ['another task', details, { ...circuit, provenance: sampleProvenance({ task: { name: 'toy', hash: '' } }) }],
    ['fewer edges', details, { ...circuit, kept: EdgeSet.empty(circuit.topology) }],
    ['direct edges decided on', details, sampleDirectCircuit()],
    [
      'as many edges, another one',
      sampleDetails({
        edges: { ...Object.fromEntries(Object.entries(details.edges).slice(1)), 'input->logits': [0, 0] },
      }),
      circuit,
    ],
  ])('do not fit: %s', (_, of, other) => {
    expect(detailsFit(of, other)).toBe(false);
  });
});

test('details.json of many long prompts is left out unless asked for', () => {
  const circuit = sampleCircuit();
  const pair = { clean: new Array<number>(16).fill(1), corrupted: [], position: 0, correct: [], wrong: [] };
  const pairs = (count: number): (typeof pair)[] => Array.from({ length: count }, () => pair);
  expect(detailsTooLarge({ pairs: pairs(1000) }, circuit)).toBeUndefined();
  expect(detailsTooLarge({ pairs: pairs(20_000) }, circuit)).toMatch(
    /^details\.json would take about \d\d MB and is left out; --details writes it$/,
  );
});

test('the estimated size is about right, whatever grows', () => {
  const random = randomNumbers(3);
  for (const [length, prompts, heads, edges] of [
    [12, 32, 10, 100],
    [40, 8, 30, 300],
    [3, 200, 4, 50],
  ] as const) {
    const row = (n: number): number[] => Array.from({ length: n }, () => random.normal());
    const softmax = (n: number): Float32Array =>
      Float32Array.from({ length: n * n }, (_, i) => (i % n <= Math.floor(i / n) ? 1 / (1 + Math.floor(i / n)) : 0));
    const tokens = Array.from({ length: 8 }, () => ({ token: ' token', logit: random.normal() }));
    const tenTokens = Array.from({ length: 10 }, () => ({ token: ' token', logit: random.normal() }));
    const half = (): { mul: number; abs: number } => ({ mul: random.normal(), abs: random.normal() });
    const score = () => ({ ...half(), excludeBosAndCurrent: half() });
    const names = Array.from({ length: heads }, (_, i) => `a0.h${i}`);
    const details = sampleDetails({
      prompts: Array.from({ length: prompts }, () => ({
        ...sampleDetails().prompts[0]!,
        clean: Array.from({ length }, () => ' token'),
        corrupted: Array.from({ length }, () => ' token'),
      })),
      nodes: Object.fromEntries(
        names.map((name) => [
          name,
          unmeasuredNode({
            attention: Array.from({ length: prompts }, () => softmax(length)),
            direct: row(prompts),
            promotes: tokens,
            suppresses: tokens,
            detectors: { previous_token: score(), duplicate_token: score(), induction: score() },
            ov: {
              words: 80,
              copying: { diagonalMean: 0.123, mean: 0.05, top1IsSelf: 0.5, top5HasSelf: 0.75 },
              tokens: Array.from({ length: 16 }, () => ({ token: ' token', promotes: tenTokens })),
            },
          }),
        ]),
      ),
      rest: { writers: row(prompts), constants: row(prompts) },
      edges: Object.fromEntries(Array.from({ length: edges }, (_, i) => [`a0.h${i}->a1.h${i}<q>`, row(prompts)])),
    });
    const extent = { lengths: Array.from({ length: prompts }, () => length), heads, nodes: heads, edges };
    const ratio = estimateDetailsBytes(extent) / writeDetails(details).length;
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  }
});
