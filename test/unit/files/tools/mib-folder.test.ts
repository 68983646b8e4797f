import { describe, expect, it } from 'vitest';

import type { EdgeSet } from '../../../../src/circuit/edge-set.js';
import type { Scores } from '../../../../src/circuit/scores.js';
import { select } from '../../../../src/discover/select.js';
import { mibCircuits, mibImportances, parseScores } from '../../../../src/files/index.js';
import { SAMPLE_TOPOLOGY as toy } from '../../../support/sample-circuit.js';
import { sampleScores } from '../../../support/sample-scores.js';

describe("MIB's submission folder", () => {
  const scores = sampleScores();
  const choose = (plain: Scores, edges: number): EdgeSet =>
    select(plain, { rule: 'top', edges, absolute: true, prune: false }).kept;

  it('holds the importances', () => {
    const files = mibImportances(scores, 'ioi_gpt2');
    expect(Object.keys(files)).toEqual(['ioi_gpt2/importances.json']);
    const back = parseScores(files['ioi_gpt2/importances.json']!, 'f');
    expect(back.values.map((value, id) => (Number.isNaN(scores.values[id]!) ? NaN : value))).toEqual(scores.values);
  });

  it('or a circuit of at most so many edges for each size', () => {
    const files = mibCircuits(scores, 'arc-easy_llama3', choose);
    const sizes = Object.entries(files).map(([path, text]) => {
      const { edges } = JSON.parse(text) as { edges: Record<string, { in_graph: boolean; score: number }> };
      const list = Object.values(edges);
      expect(list).toHaveLength(toy.additionEdges);
      for (const { in_graph: inside, score } of list) expect(score).toBe(inside ? 1 : 0);
      return [path, list.filter((edge) => edge.in_graph).length];
    });
    const scored = scores.values.filter((value) => !Number.isNaN(value)).length;
    const at = (percentage: number): number => Math.min(scored, Math.floor((percentage / 100) * toy.additionEdges));
    // The evaluation adds the whole model itself.
    expect(sizes).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].map((p) => [`arc-easy_llama3/${p}.json`, at(p)]));
  });

  it('has a name of its own form', () => {
    for (const name of ['ioi', '../x_y', 'a_b/c', 'x_..', ''])
      expect(() => mibImportances(scores, name)).toThrow('task_model: got');
  });
});
