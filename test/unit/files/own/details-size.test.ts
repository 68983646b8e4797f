import { expect, test } from 'vitest';
import { detailsTooLarge } from '../../../../src/cli/folder/details-limit.js';
import { estimateDetailsBytes, parseDetails, writeDetails } from '../../../../src/files/index.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sampleDetails, unmeasuredNode } from '../../../support/sample-details.js';
import { randomNumbers } from '../../../support/random.js';

test('details.json of many long prompts is left out unless asked for', () => {
  const circuit = sampleCircuit();
  const pair = { clean: new Array<number>(16).fill(1), corrupted: [], position: 0, correct: [], wrong: [] };
  const pairs = (count: number): (typeof pair)[] => Array.from({ length: count }, () => pair);
  expect(detailsTooLarge({ pairs: pairs(1000) }, circuit)).toBeUndefined();
  expect(detailsTooLarge({ pairs: pairs(15_000) }, circuit)).toMatch(
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
    const named = <T>(count: number, branch: string, value: () => T): Record<string, T> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`a0.h${i}->a1.h${i}<${branch}>`, value()]));
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
            corruptedAttention: Array.from({ length: prompts }, () => softmax(length)),
            at: Array.from({ length: prompts }, () => length - 1),
            writes: tokens,
            answerRank: Array.from({ length: prompts }, () => 12),
            inCircuit: row(prompts),
            looks: Array.from({ length: 3 }, () => ({
              from: 'measured',
              at: 'wrong-first',
              share: 0.1234567,
              prompts,
            })),
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
      edges: named(edges, 'q', () => row(prompts)),
      inCircuit: named(edges, 'q', () => row(prompts)),
      reads: named(edges / 2, 'q', () =>
        Array.from({ length: prompts }, (_, n) =>
          Array.from({ length: 1 + (n % 2) }, () => ({
            head: 'a1.h3',
            query: length - 1,
            kept: softmax(length).slice(-length),
            cut: softmax(length).slice(-length),
          })),
        ),
      ),
      writtenThrough: named(edges / 2, 'v', () => tokens),
      curve: Array.from({ length: 5 }, (_, i) => ({ edges: i + 1, metric: 0.5, faithfulness: 0.5 })),
    });
    const extent = {
      lengths: Array.from({ length: prompts }, () => length),
      heads,
      nodes: heads,
      effectLists: 2 * edges,
      patternReads: edges / 2,
      valueEdges: edges / 2,
    };
    const ratio = estimateDetailsBytes(extent) / writeDetails(details).length;
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  }
});

test('of a large file, rows with an edge cut and corrupted attention are those of the first prompt', () => {
  const length = 60;
  const pattern = new Float32Array(length * length).fill(0.1234);
  const prompts = Array.from({ length: 400 }, () => ({
    ...sampleDetails().prompts[0]!,
    clean: Array.from({ length }, () => 'a'),
    corrupted: Array.from({ length }, () => 'b'),
  }));
  const one = { head: 'a1.h0', query: 59, kept: pattern.slice(0, 60), cut: pattern.slice(0, 60) };
  const patterns = prompts.map(() => pattern);
  const of = (heads: number) =>
    sampleDetails({
      prompts,
      nodes: Object.fromEntries(
        Array.from({ length: heads }, (_, i) => [
          `a1.h${i}`,
          unmeasuredNode({ attention: patterns, corruptedAttention: patterns }),
        ]),
      ),
      rest: null,
      edges: {},
      inCircuit: {},
      reads: { 'a0.h1->a1.h0<q>': prompts.map(() => [one]) },
    });
  const held = (heads: number): number[] => {
    const read = parseDetails(writeDetails(of(heads)), 'details.json');
    const { attention, corruptedAttention } = read.nodes['a1.h0']!;
    return [attention!.length, corruptedAttention!.length, read.reads['a0.h1->a1.h0<q>']!.length];
  };
  expect(held(1)).toEqual([400, 400, 400]);
  expect(held(4)).toEqual([400, 1, 1]);
});
