import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { keptEdges } from '../../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import type { CircuitDocument } from '../../../../viewer/data/document.js';
import { measuresOf } from '../../../../viewer/data/measure.js';
import { compare } from '../../../../viewer/view/compare.js';
import { listed, sentencesMarkdown, textOf, type Sentence } from '../../../../viewer/view/sentences.js';
import { comparisonSummary, summaryOf } from '../../../../viewer/view/summary.js';
import { SAMPLE_TOPOLOGY, sampleCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../../support/sample-details.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const SHIPPED = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));

function summary(document: CircuitDocument): Sentence[] {
  const [measure = 'decided'] = measuresOf(document.circuit);
  return summaryOf(document, toCircuitData(document.circuit, 'as-stated'), measure);
}

function texts(document: CircuitDocument): string[] {
  return summary(document).map(textOf);
}

/** A pattern in which every token looks at one position, with a share of 0.8, or at itself where that comes later. */
function looking(tokens: number, at: number): Float32Array {
  const pattern = new Float32Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) {
    const key = Math.min(at, query);
    pattern[query * tokens + query]! += 0.2;
    pattern[query * tokens + key]! += 0.8;
  }
  return pattern;
}

const prompt = unmeasuredPrompt({
  clean: ['<s>', ' Paul', ' James', ' James', ' to'],
  corrupted: ['<s>', ' Kevin', ' Jack', ' Fred', ' to'],
  position: 4,
  correct: [' Paul'],
  wrong: [' James'],
  logitDifference: 4,
  probability: { correct: 0.9, wrong: 0.05 },
  top: [{ token: ' Paul', logit: 9, probability: 0.9 }],
});
const sample: CircuitDocument = {
  ...openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(sampleCircuit()))),
  details: unmeasuredDetails({
    prompts: [prompt, prompt],
    nodes: {
      input: unmeasuredNode({ direct: [0, 0] }),
      'a0.h1': unmeasuredNode({
        at: [3, 3],
        attention: [looking(5, 1), looking(5, 1)],
        looks: [{ from: 'wrong-later', at: 'answer', share: 0.8, prompts: 2 }],
        direct: [0, 0],
      }),
      'a1.h0': unmeasuredNode({
        at: [4, 4],
        attention: [looking(5, 3), looking(5, 3)],
        looks: [{ from: 'measured', at: 'wrong-later', share: 0.8, prompts: 2 }],
        direct: [2, 4],
      }),
      m1: unmeasuredNode({ at: [4, 4], direct: [-0.5, -0.5] }),
    },
    rest: { writers: [0.5, 0.5], constants: [0, 0] },
  }),
};

describe('the summary of a circuit', () => {
  it('says what was measured: how much, the answer, who writes it, who writes where those read', () => {
    const all = SAMPLE_TOPOLOGY.additionEdges;
    expect(texts(sample)).toEqual([
      `7 of ${all} edges bring back 87.5 % of the behaviour (faithfulness 0.875).`,
      'The answer is the next token: in the first prompt “ Paul” and not “ James”. In the whole model its logit is 4.00 ' +
        'above that of the wrong one and its probability is 90.0 % on average over 2 prompts; it is the likeliest token on 2 of 2.',
      '1.0 (+3.00) writes the answer: in the whole model its direct effect is 3.00 of the 4.00 logits, positive on 2 of 2 prompts. ' +
        'MLP 1 (−0.500) writes against it.',
      'From the last token, 1.0 looks at the later mention of the wrong answer, with 80.0 % of its attention.',
      '0.1 writes to it where it reads, over value and key edges. From the later mention of the wrong answer, it looks at the ' +
        'answer, with 80.0 % of its attention.',
      'No query or key edge into 0.1 is kept: where this head looks is not explained by this circuit. In the whole model, nodes ' +
        'outside of the circuit write another 0.500 logits directly.',
    ]);
  });

  it('names with each noun what it lights up', () => {
    const nouns = summary(sample).flatMap((one) => one.flatMap((part) => (typeof part === 'string' ? [] : [part])));
    const lights = (text: string) => nouns.find((noun) => noun.text === text)?.lights;
    expect(lights('1.0 (+3.00)')).toEqual(['a1.h0', 'a1.h0->logits']);
    expect(lights('0.1')).toEqual(expect.arrayContaining(['a0.h1', 'a0.h1->a1.h0<v>']));
    expect(lights('0.1')).not.toContain('a0.h1->a1.h0<q>');
    expect(lights(`7 of ${SAMPLE_TOPOLOGY.additionEdges} edges`)?.length).toBe(7);
  });

  it('claims nothing that was not measured', () => {
    const nodes = { ...sample.details!.nodes, 'a0.h1': unmeasuredNode({ at: [4, 4], direct: [0, 0] }) };
    expect(texts({ ...sample, details: { ...sample.details!, nodes } }).join(' ')).not.toMatch(
      /where (it|they) reads?/,
    );
    const blind = { ...sample.details!, nodes: { ...nodes, 'a1.h0': unmeasuredNode({ direct: [2, 4] }) } };
    expect(texts({ ...sample, details: blind }).join(' ')).not.toMatch(/looks? at/);
    const often = { ...nodes, 'a1.h0': unmeasuredNode({ direct: [5, -1] }) };
    expect(texts({ ...sample, details: { ...sample.details!, nodes: often } }).join(' ')).not.toContain(
      'writes the answer',
    );
  });

  it('is shorter where less is known', () => {
    expect(texts({ ...sample, details: null }).slice(1)).toEqual([
      'The 2 edges into the logits come from MLP 1 (+0.500) and 1.0 (+0.0625).',
      'The strongest path is input → 0.1 v → 1.0 v → logits: its weakest edge has +0.0625.',
      'No query or key edge into 0.1 is kept: where this head looks is not explained by this circuit.',
    ]);
    const silent = unmeasuredDetails({ prompts: [unmeasuredPrompt()] });
    expect(texts({ ...sample, details: silent })[1]).toMatch(/^The 2 edges into the logits/);
    const foreign = openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(sampleCircuit({ provenance: null }))));
    expect(texts(foreign)[0]).toBe(`7 of ${SAMPLE_TOPOLOGY.additionEdges} edges make up the circuit.`);
    expect(texts({ ...foreign, sizesKnown: false })[0]).toBe('7 edges make up the circuit.');
    expect(texts({ ...foreign, scoresOnly: true })[0]).toContain('selects none of them');
    const worse = sampleCircuit({ provenance: sampleProvenance({ faithfulness: -0.25 }) });
    expect(texts(openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(worse))))[0]).toContain(
      'have a faithfulness of −0.250, where 1 is the whole model and 0 the empty circuit',
    );
    const pathless = sampleCircuit({ kept: sampleCircuit().kept.without(SAMPLE_TOPOLOGY.edgeId('input->a0.h1<v>')!) });
    expect(texts(openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(pathless))))).toContain(
      'No path leads from input to logits.',
    );
  });

  it.each(SHIPPED)('is true of what is shipped: %s', (name) => {
    const beside = readFileSync(GRAPHS + name.replace('.json', '.details.json'), 'utf8');
    const document = openCircuitDocument(sourceFile(name, readFileSync(GRAPHS + name, 'utf8'), { details: beside }));
    const { circuit, details } = document;
    const said = summary(document);
    expect(textOf(said[0]!)).toContain(`${keptEdges(circuit)} of `);
    const writing = said.find((one) => textOf(one).includes('write the answer'));
    expect(writing !== undefined).toBe(details!.rest !== null);
    const named = writing!.flatMap((part) => (typeof part === 'string' ? [] : [part]));
    const writers = new Set(named.flatMap(({ lights }) => lights.filter((light) => !light.includes('->'))));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const helping = [...writers].filter((writer) => mean(details!.nodes[writer]!.direct!) > 0);
    const sum = helping.reduce((all, writer) => all + mean(details!.nodes[writer]!.direct!), 0);
    const [, told] = /add up to ([\d.]+) of the/.exec(textOf(writing!))!;
    expect(Number(told)).toBeCloseTo(sum, 1);
    for (const sentence of said) expect(textOf(sentence)).toMatch(/^[^\s].*\.$/);
    for (const noun of named)
      for (const light of noun.lights)
        expect(light in details!.nodes || circuit.topology.edgeId(light) !== undefined).toBe(true);
  });
});

describe('sentences', () => {
  const nouns = ['a', 'b', 'c', 'd'].map((text) => ({ text, lights: [text] }));

  it('list nouns, and put what is too much together', () => {
    expect(textOf(listed(nouns.slice(0, 1), 3))).toBe('a');
    expect(textOf(listed(nouns.slice(0, 3), 3))).toBe('a, b and c');
    const short = listed(nouns, 3);
    expect(textOf(short)).toBe('a, b and 2 more');
    expect(short.at(-1)).toEqual({ text: '2 more', lights: ['c', 'd'] });
  });

  it('become Markdown in which texts of files stay text', () => {
    expect(sentencesMarkdown('a\n# b', [['x ', { text: '<b>*y*</b>', lights: [] }]])).toBe(
      '### a \\# b\n\n- x \\<b\\>\\*y\\*\\</b\\>\n',
    );
  });

  it('tell how two circuits differ', () => {
    const data = toCircuitData(sampleCircuit(), 'as-stated');
    const told = comparisonSummary(compare(data, data)).map(textOf);
    expect(told[0]).toBe('7 edges are in both circuits, 0 in A alone and 0 in B alone: 100 % of all that either has.');
    expect(told[2]).toContain('rank correlation of 1.00');
  });
});
