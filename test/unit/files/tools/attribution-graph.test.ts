import { describe, expect, it } from 'vitest';

import type { Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import {
  SAMPLE_TOPOLOGY as toy,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

describe('attribution graph', () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS['attribution-graph'](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS['attribution-graph'](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/attribution-graph.json');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    JSON.parse(text);
  });

  interface Graph {
    readonly metadata: {
      readonly slug: string;
      readonly scan: string;
      readonly prompt: string;
      readonly prompt_tokens: string[];
    };
    readonly nodes: {
      readonly node_id: string;
      readonly feature: number;
      readonly layer: string;
      readonly ctx_idx: number;
      readonly feature_type: string;
      readonly clerp: string;
      readonly influence: number | null;
    }[];
    readonly links: { readonly source: string; readonly target: string; readonly weight: number }[];
  }
  const graphOf = (circuit: Circuit, prompt?: readonly string[]): Graph =>
    JSON.parse(CIRCUIT_WRITERS['attribution-graph'](circuit, prompt ? { prompt } : {})) as Graph;
  const graph = graphOf(sampleCircuit(), ['When', ' Mary', ' and']);

  it("has what the viewers' models require", () => {
    expect(graph.metadata).toMatchObject({
      slug: expect.stringMatching(/^toy-2l-toy-acdc-kl-0-05-[0-9a-f]{16}$/),
      scan: 'toy-2l',
      prompt: 'When Mary and',
      prompt_tokens: ['When', ' Mary', ' and'],
    });
    expect(Object.keys(graph)).toEqual(['metadata', 'qParams', 'nodes', 'links']);
    expect(new Set(graph.nodes.map((node) => node.node_id)).size).toBe(graph.nodes.length);
    expect(new Set(graph.nodes.map((node) => node.feature)).size).toBe(graph.nodes.length);
    for (const node of graph.nodes) {
      expect([Number.isInteger(node.feature), typeof node.layer, node.ctx_idx]).toEqual([true, 'string', 2]);
      if (node.feature_type === 'logit') expect(node.clerp).toMatch(/\(p=\d\.\d+\)$/);
    }
    const ids = new Set(graph.nodes.map((node) => node.node_id));
    for (const link of graph.links) expect([ids.has(link.source), ids.has(link.target)]).toEqual([true, true]);
  });

  it('sums q, k and v, and ranks influence cumulatively', () => {
    const id = (label: string): string => graph.nodes.find((node) => node.clerp.includes(label))!.node_id;
    expect(
      graph.links.find((link) => link.source === id('(a0.h1)') && link.target === id('(a1.h0)'))!.weight,
    ).toBeCloseTo(0.125 - 0.75, 12);
    const influences = graph.nodes
      .map((node) => node.influence)
      .filter((value) => value !== null)
      .toSorted((a, b) => a - b);
    const strengths = { a0h1: 0.875, m1: 0.5, a1h0: 0.0625, m0: 1e-13 };
    const total = Object.values(strengths).reduce((a, b) => a + b);
    let sum = 0;
    Object.values(strengths).forEach((strength, i) => expect(influences[i]).toBeCloseTo((sum += strength) / total, 12));
    expect(influences).toHaveLength(4);
  });

  it('has a name that no other run has, in any script', () => {
    const runs = [
      {},
      { task: { name: '任务一', hash: 'h1' } },
      { task: { name: '任务二', hash: 'h2' } },
      { ablation: 'zero' as const },
      { prompts: { count: 8, skip: 8 } },
      { threshold: null },
      { seed: 1 },
    ];
    const slugs = runs.map((run) => graphOf(sampleCircuit({ provenance: sampleProvenance(run) })).metadata.slug);
    expect(new Set(slugs).size).toBe(runs.length);
    for (const one of slugs) expect(one).toMatch(/^[a-z0-9-]+$/);
    expect(graphOf(sampleCircuit({ provenance: sampleProvenance({}) })).metadata.slug).toBe(slugs[0]);
    const bare = [0.5, 0.25].map((effect) => {
      const effects = sampleCircuit().effects.with(toy.edgeId('m1->logits')!, effect);
      return graphOf(sampleCircuit({ provenance: null, effects })).metadata.slug;
    });
    expect(bare[0]).not.toBe(bare[1]);
  });

  it("has the prompt's text: tokens that hold no blanks are words", () => {
    const prompt = (...tokens: string[]): string => graphOf(sampleCircuit(), tokens).metadata.prompt;
    expect(prompt('When', ' Mary', ' and')).toBe('When Mary and');
    expect(prompt('when', 'mary', 'and')).toBe('when mary and');
    expect(prompt('', 'x\n', 'y')).toBe('x\ny');
  });

  it('takes another name of the model', () => {
    const text = CIRCUIT_WRITERS['attribution-graph'](sampleCircuit(), { scan: 'gpt2-small' });
    expect((JSON.parse(text) as Graph).metadata.scan).toBe('gpt2-small');
  });

  it('has a node in every layer, as the page of Neuronpedia needs', () => {
    const first = sampleCircuit({ kept: EdgeSet.of(toy, [toy.edgeId('m0->logits')!]), untestedRemovals: [] });
    for (const circuit of [first, sampleCircuit()]) {
      const { nodes, links } = graphOf(circuit);
      expect(new Set(nodes.map(({ layer }) => layer))).toEqual(new Set(['E', '0', '1', '3']));
      const added = nodes.find(({ clerp }) => clerp.includes('(a1.h0)'));
      if (circuit === first) expect(links.some(({ source }) => source === added!.node_id)).toBe(false);
    }
  });

  it('gives a circuit without measures links of 1, and one without a prompt two columns', () => {
    const bare = sampleCircuit({ effects: new Float64Array(toy.edgeCount).fill(NaN), provenance: null });
    const { metadata, links } = graphOf(bare);
    expect(metadata.prompt_tokens.length).toBe(2);
    expect(links.map((link) => link.weight).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 3]);
  });
});
