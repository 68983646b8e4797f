/** Completeness and the IOI paper's minimality, where backups decide: an OR gate whose answers are known. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { judgeCircuit } from '../../../src/judge/judgements.js';
import type { JudgeEvaluator } from '../../../src/judge/judged.js';
import { SAMPLE_TOPOLOGY as topology } from '../../support/sample-circuit.js';

const id = (name: string): number => topology.edgeId(name)!;
const [LEFT, RIGHT, DEAD] = ['m0->logits', 'm1->logits', 'input->logits'].map(id) as [number, number, number];
/** Into another receiver, and worth something by itself. */
const PLAIN = id('input->m0');

const pairs = [0, 1].map((token) => ({ clean: [token], corrupted: [2], position: 0, correct: [3], wrong: [4] }));

/** The loss falls by 8 where one of two edges is there, whichever, and by 2 where a plain one is. */
const gate: JudgeEvaluator = {
  most: 4,
  evaluate: (circuits, metrics) =>
    Promise.resolve(
      circuits.map((circuit) => {
        const loss = (circuit.has(LEFT) || circuit.has(RIGHT) ? -8 : 0) - (circuit.has(PLAIN) ? 2 : 0);
        return Object.fromEntries(metrics.map((name) => [name, pairs.map(() => loss)]));
      }),
    ),
};

async function judged(edges: readonly number[], name: 'completeness' | 'minimality-ioi') {
  const kept = EdgeSet.where(topology, (one) => one >= topology.additionEdges || edges.includes(one));
  const setting = { metric: 'logit-diff', pairs, seed: 0, magnitudes: null } as const;
  const { verdicts } = await judgeCircuit(gate, kept, [name], setting);
  return verdicts[0]!;
}

test('a circuit with one side of the gate is faithful and not complete: without that side the model still does it', async () => {
  const { verdict, value, result, sentence } = await judged([LEFT, PLAIN], 'completeness');
  expect(verdict).toBe('bad');
  expect(value).toBeCloseTo(0.8, 12);
  expect(result['subset']).toContain('m0->logits');
  expect(sentence).toMatch(/^not complete: .*80 % of the behaviour/);
});

test('with both sides it is complete, whatever is cut of both', async () => {
  const { verdict, value } = await judged([LEFT, RIGHT, PLAIN], 'completeness');
  expect([verdict, value]).toEqual(['good', 0]);
});

test('each side matters where the other is cut; an edge that carries nothing never does', async () => {
  const both = await judged([LEFT, RIGHT, PLAIN], 'minimality-ioi');
  expect(both).toMatchObject({ verdict: 'good', value: 0 });
  expect(sharesOf(both.result)).toEqual({ 'm0->logits': 0.8, 'm1->logits': 0.8, 'input->m0': 0.2 });
  const more = await judged([LEFT, RIGHT, PLAIN, DEAD], 'minimality-ioi');
  expect(more).toMatchObject({ verdict: 'bad', value: 1 / 4 });
  expect(more.result['redundant']).toEqual(['input->logits']);
  expect(more.sentence).toMatch(/^not minimal: 1 of its 4 edges/);
});

function sharesOf(result: Readonly<Record<string, unknown>>): Record<string, number> {
  const [edges, scores] = [result['edges'] as string[], result['scores'] as number[]];
  return Object.fromEntries(edges.map((edge, i) => [edge, Number(scores[i]!.toFixed(12))]));
}
