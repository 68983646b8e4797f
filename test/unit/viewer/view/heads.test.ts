import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { headRows, HEAD_COLUMNS, sortHeads, spreadOf, type HeadColumn } from '../../../../viewer/view/heads.js';
import { predictionOf, waterfallOf } from '../../../../viewer/view/logits.js';
import {
  hasLaterMentions,
  promptRoles,
  roleWords,
  VERDICT_HELP,
  verdictWords,
} from '../../../../viewer/view/role-words.js';
import { sampleCircuit, sampleSharedCircuit } from '../../../support/sample-circuit.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../../support/sample-details.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const SHIPPED = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));

const details = unmeasuredDetails({
  prompts: [
    unmeasuredPrompt({
      correct: [' a'],
      wrong: [' b'],
      logitDifference: 3,
      top: [
        { token: ' a', logit: 9, probability: 0.75 },
        { token: ' b', logit: 6, probability: 0.125 },
      ],
      probability: { correct: 0.75, wrong: 0.125 },
    }),
    unmeasuredPrompt({
      correct: [' a'],
      wrong: [' b'],
      logitDifference: -1,
      top: [{ token: ' b', logit: 9, probability: 0.5 }],
      probability: { correct: 0.25, wrong: 0.5 },
    }),
  ],
  nodes: {
    input: unmeasuredNode({ direct: [0.5, 0.5] }),
    'a1.h0': unmeasuredNode({
      direct: [2, -1],
      answerRank: [1, 4],
      inCircuit: [0.5, NaN],
      looks: [{ from: 'measured', at: 'answer', share: 0.9, prompts: 2 }],
      verdicts: [{ kind: 'name-mover', share: 0.9 }],
    }),
    m1: unmeasuredNode({ direct: [0.25, 0.25] }),
  },
  rest: { writers: [0.25, -0.75], constants: [0, 0] },
});
const data = toCircuitData(sampleCircuit(), 'as-stated');

describe('the table of nodes', () => {
  it('has every node of the circuit that writes, with what was measured of it', () => {
    const rows = headRows(data, details, null);
    expect(rows.map(({ node }) => node.id)).toEqual(['input', 'a0.h1', 'm0', 'a1.h0', 'm1']);
    expect(rows.find(({ node }) => node.id === 'a1.h0')).toMatchObject({
      direct: { value: 0.5, mean: 0.5, deviation: 1.5, positive: 1, of: 2 },
      inCircuit: { value: 0.5, of: 1 },
      answerRank: 2.5,
      looks: [{ from: 'measured', at: 'answer' }],
      incoming: { edges: 3, sum: -0.625 },
      outgoing: { edges: 1, sum: 0.0625 },
    });
    expect(rows.find(({ node }) => node.id === 'a0.h1')).toMatchObject({ direct: null, answerRank: null, looks: [] });
  });

  it('is of one prompt where one is chosen', () => {
    const row = headRows(data, details, 1).find(({ node }) => node.id === 'a1.h0')!;
    expect([row.direct!.value, row.direct!.mean, row.answerRank, row.inCircuit!.value]).toEqual([-1, 0.5, 4, null]);
  });

  it('stands without details, and leaves out key/value heads', () => {
    const rows = headRows(toCircuitData(sampleSharedCircuit(), 'as-stated'), null, null);
    expect(rows.map(({ node }) => node.id)).toEqual(['input', 'a0.h0', 'm0', 'a1.h3', 'm1']);
    expect(rows.every(({ direct, looks }) => direct === null && looks.length === 0)).toBe(true);
  });

  it('sorts by any column, with what was not measured at the end', () => {
    const rows = headRows(data, details, null);
    const sorted = (by: HeadColumn, downwards: boolean) => sortHeads(rows, by, downwards).map(({ node }) => node.id);
    expect(sorted('direct', true)).toEqual(['input', 'a1.h0', 'm1', 'a0.h1', 'm0']);
    expect(sorted('direct', false)).toEqual(['m1', 'input', 'a1.h0', 'a0.h1', 'm0']);
    expect(sorted('node', true)).toEqual(['m1', 'a1.h0', 'm0', 'a0.h1', 'input']);
    for (const by of Object.keys(HEAD_COLUMNS) as HeadColumn[]) {
      expect(sorted(by, true).toSorted()).toEqual(sorted(by, false).toSorted());
    }
  });

  it('has no spread of nothing', () => {
    expect([spreadOf(null, null), spreadOf([], null), spreadOf([NaN], 0)]).toEqual([null, null, null]);
    expect(spreadOf([1, Infinity], 1)).toMatchObject({ value: null, mean: 1, of: 1 });
  });
});

describe('the logits', () => {
  it('are a sum of direct effects', () => {
    expect(waterfallOf(details, 0)).toEqual({
      steps: [
        { node: 'a1.h0', words: null, value: 2, from: 0 },
        { node: 'input', words: null, value: 0.5, from: 2 },
        { node: 'm1', words: null, value: 0.25, from: 2.5 },
        { node: null, words: 'outside the circuit', value: 0.25, from: 2.75 },
        { node: null, words: 'biases, constants', value: 0, from: 3 },
      ],
      sum: 3,
      measured: 3,
      addsUp: true,
    });
    expect(waterfallOf(details, null)).toMatchObject({ sum: 1, measured: 1, addsUp: true });
  });

  it('say where they do not add up, and stand for nothing without answers', () => {
    const wrong = { ...details, rest: { writers: [0.25, -0.75], constants: [0.1, 0] } };
    expect(waterfallOf(wrong, 0)).toMatchObject({ addsUp: false, measured: 3 });
    expect(waterfallOf({ ...details, rest: null }, 0)).toBeNull();
    const unknown = { ...details, prompts: details.prompts.map((prompt) => ({ ...prompt, logitDifference: null })) };
    expect(waterfallOf(unknown, null)).toMatchObject({ measured: null, addsUp: false });
    expect(waterfallOf({ ...details, rest: { writers: [NaN, 0], constants: [0, 0] } }, 0)).toBeNull();
  });

  it('put the weak nodes of a large circuit together', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`a0.h${i}`, unmeasuredNode({ direct: [i, i] })]),
    );
    const { steps, sum } = waterfallOf({ ...details, nodes }, 0)!;
    expect(steps.length).toBe(15);
    expect(steps[12]).toMatchObject({ words: '8 other nodes', value: 28 });
    expect(sum).toBeCloseTo(190.25, 12);
  });

  it.each(SHIPPED)('add up in what is shipped: %s', (name) => {
    const beside = readFileSync(GRAPHS + name.replace('.json', '.details.json'), 'utf8');
    const { details: own } = openCircuitDocument(
      sourceFile(name, readFileSync(GRAPHS + name, 'utf8'), { details: beside }),
    );
    expect(own).not.toBeNull();
    for (const prompt of [null, 0, own!.prompts.length - 1]) {
      const waterfall = waterfallOf(own!, prompt);
      if (own!.rest) expect(waterfall).toMatchObject({ addsUp: true });
      else expect(waterfall).toBeNull();
    }
  });

  it('are predicted for one prompt, and counted over all', () => {
    expect(predictionOf(details, 0)).toMatchObject({ correct: 0.75, wrong: 0.125, answered: 1, of: 2 });
    expect(predictionOf(details, null)).toEqual({ correct: 0.5, wrong: 0.3125, answered: 1, of: 2 });
    expect(predictionOf(unmeasuredDetails({ prompts: [unmeasuredPrompt()] }), 0)).toBeNull();
    expect(predictionOf(unmeasuredDetails(), null)).toBeNull();
  });
});

describe('roles in words', () => {
  const prompt = unmeasuredPrompt({
    clean: ['<s>', ' Paul', ' James', ' James', ' to'],
    corrupted: ['<s>', ' Kevin', ' James', ' Fred', ' to'],
    position: 4,
    correct: [' Paul'],
    wrong: [' James'],
  });

  it('tell what the tokens are', () => {
    expect(promptRoles(prompt)).toEqual(['first', 'answer', 'wrong-first', 'wrong-later', 'measured']);
    expect(hasLaterMentions([prompt])).toBe(true);
    expect(hasLaterMentions([unmeasuredPrompt()])).toBe(false);
    expect([roleWords('wrong-first'), roleWords('wrong-first', false)]).toEqual(['wrong answer, 1st', 'wrong answer']);
  });

  it('say when a verdict is earned', () => {
    expect(verdictWords({ kind: 'name-mover' })).toBe('name mover');
    expect(VERDICT_HELP).toContain('at least 50 % of its attention');
  });
});
