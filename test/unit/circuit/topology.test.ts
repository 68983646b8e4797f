import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { Topology } from '../../../src/circuit/topology.js';
import { edgeCounts, graphFits, shapeDifference } from '../../../src/circuit/topology-shape.js';
import { cpuSeconds } from '../../support/cpu-seconds.js';

/** Shape, addition edges, direct edges: the counts of the literature and of the count formula. */
const COUNTS: readonly (readonly [string, number, number, boolean, number])[] = [
  ['GPT-2 small', 12, 12, false, 32_491],
  ['GPT-2 medium', 24, 16, false, 231_877],
  ['GPT-2 large', 36, 20, false, 810_703],
  ['Pythia-70m', 6, 8, true, 3_580],
  ['Pythia-160m', 12, 12, true, 32_347],
  ['Pythia-410m', 24, 16, true, 231_493],
  ['Pythia-1b', 16, 8, true, 27_545],
  ['Pythia-2.8b', 32, 32, true, 1_591_857],
  ['Qwen2.5-0.5B', 24, 14, false, 179_749],
  ['Llama-3.2-1B', 16, 32, false, 386_713],
  ['Gemma-2-2B', 26, 8, false, 74_218],
  ['four layers of four heads', 4, 4, false, 479],
];

describe('numbers of edges', () => {
  it.each(COUNTS)('%s', (_, layers, heads, parallel, edges) => {
    const topology = new Topology({ layers, heads, parallel });
    expect(topology.additionEdges).toBe(edges);
    expect(topology.directEdges).toBe(3 * layers * heads);
    expect(topology.writers.length).toBe(1 + layers * (heads + 1));
    expect(topology.ports.length).toBe(1 + layers * (3 * heads + 1));
  });

  it.each([
    ['attn-only-4l', 4, 8, 1281, 96],
    ['attn-only-2l', 2, 8, 257, 48],
  ])('%s, without MLPs', (_, layers, heads, addition, direct) => {
    const shape = { layers, heads, parallel: false, attentionOnly: true };
    const topology = new Topology(shape);
    expect([topology.additionEdges, topology.directEdges]).toEqual([addition, direct]);
    expect(edgeCounts(shape)).toEqual({ addition, direct });
    expect(topology.writers.length).toBe(1 + layers * heads);
    expect(topology.ports.length).toBe(1 + layers * 3 * heads);
  });

  it('GPT-2 small has 32,923 with direct edges', () => {
    expect(new Topology({ layers: 12, heads: 12, parallel: false }).edgeCount).toBe(32_923);
  });
});

/** Shape, key/value heads, addition edges: of published models. */
const GROUPED_COUNTS: readonly (readonly [string, number, number, number, number])[] = [
  ['Qwen2.5-0.5B', 24, 14, 2, 79_813],
  ['Llama-3.2-1B', 16, 32, 8, 195_865],
  ['Llama-3-8B', 32, 32, 8, 805_681],
  ['Gemma-2-2B', 26, 8, 4, 50_610],
  ['Gemma-3-1B', 26, 4, 1, 11_792],
  ['Qwen3-0.6B', 28, 16, 8, 213_907],
];

describe('key/value heads with ports of their own', () => {
  it.each(GROUPED_COUNTS)('%s has fewer edges', (_, layers, heads, kvPorts, edges) => {
    const shape = { layers, heads, kvPorts, parallel: false };
    const topology = new Topology(shape);
    expect(topology.additionEdges).toBe(edges);
    expect(topology.directEdges).toBe(layers * (heads + 2 * kvPorts));
    expect(topology.attentionPorts).toBe(heads + 2 * kvPorts);
    expect(topology.ports.length).toBe(1 + layers * (heads + 2 * kvPorts + 1));
    expect(topology.writers).toEqual(new Topology({ layers, heads, parallel: false }).writers);
    expect(edgeCounts(shape)).toEqual({ addition: edges, direct: topology.directEdges });
  });

  it.each([
    { layers: 3, heads: 6, kvPorts: 2, parallel: false },
    { layers: 2, heads: 6, kvPorts: 3, parallel: true },
    { layers: 2, heads: 4, kvPorts: 1, parallel: false, attentionOnly: true },
  ])('every name leads back to its edge, and every head to its ports: %o', (shape) => {
    const topology = new Topology(shape);
    for (let id = 0; id < topology.edgeCount; id++) {
      expect(topology.edgeId(topology.edgeName(id))).toBe(id);
      const edge = topology.edge(id);
      const again =
        edge.kind === 'addition' ? topology.additionEdge(edge.writer, edge.port) : topology.directEdge(edge.port);
      expect(again).toBe(id);
    }
    const { heads, kvPorts } = shape;
    for (let head = 0; head < heads; head++) {
      const group = Math.floor((head * kvPorts) / heads);
      const ports = (['q', 'k', 'v'] as const).map((branch) => topology.headPort(1, branch, head));
      expect(ports.map((port) => topology.portName(port))).toEqual([
        `a1.h${head}<q>`,
        `a1.kv${group}<k>`,
        `a1.kv${group}<v>`,
      ]);
      expect(topology.headsOf(ports[0]!)).toEqual([head]);
      for (const port of ports.slice(1)) expect(topology.headsOf(port)).toContain(head);
      expect(topology.attentionPort('k', head)).toBe(heads + group);
      expect(topology.attentionPort('v', head)).toBe(heads + kvPorts + group);
    }
    const groups = Array.from({ length: kvPorts }, (_, group) => topology.headsOf(heads + group));
    expect(groups.flat()).toEqual(Array.from({ length: heads }, (_, head) => head));
    expect(topology.headsOf(topology.logitsPort)).toEqual([]);
    for (const port of topology.mlpPorts(0)) expect(topology.headsOf(port)).toEqual([]);
  });

  it('are named as such, and heads have no keys and values of their own beside them', () => {
    const topology = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
    expect(topology.edgeName(topology.additionEdge(topology.mlpWriter(0), topology.headPort(1, 'k', 3)))).toBe(
      'm0->a1.kv1<k>',
    );
    expect(topology.edgeName(topology.directEdge(topology.headPort(1, 'v', 0)))).toBe('a1.kv0<v>->a1.kv0');
    for (const name of [
      'm0->a1.h0<k>',
      'm0->a1.h3<v>',
      'a1.h0<k>->a1.h0',
      'm0->a1.kv2<k>',
      'm0->a1.kv0<q>',
      'm0->a1.kv0',
      'm0->a2.kv0<k>',
      'a0.kv0->logits',
      'a1.kv0<k>->a1.h0',
      'a1.kv0->a1.kv0',
      'm0->a1.kv00<k>',
    ]) {
      expect(topology.edgeId(name), name).toBeUndefined();
    }
    const perHead = new Topology({ layers: 2, heads: 4, parallel: false });
    expect(perHead.edgeId('m0->a1.kv0<k>')).toBeUndefined();
    expect(perHead.edgeId('a1.kv0<k>->a1.kv0')).toBeUndefined();
  });

  it('with one per head are those heads', () => {
    const perHead = new Topology({ layers: 2, heads: 4, parallel: false });
    const same = new Topology({ layers: 2, heads: 4, kvPorts: 4, parallel: false });
    expect(same.ports).toEqual(perHead.ports);
    expect(shapeDifference(same, { layers: 2, heads: 4, parallel: false })).toBeUndefined();
    const grouped = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
    expect(shapeDifference(perHead, grouped)).toBe('kvPorts');
  });

  it.each([0, 3, -1, 1.5, 8, NaN])('%d for four heads are refused', (kvPorts) => {
    const shape = { layers: 2, heads: 4, kvPorts, parallel: false };
    expect(() => new Topology(shape, 'c.json')).toThrow(/^c\.json: .* expected a divisor of 4 heads/);
  });

  it('an unshared graph of Llama-3-8B fits, too', () => {
    const topology = new Topology({ layers: 32, heads: 32, parallel: false });
    expect(topology.additionEdges).toBe(1_592_881);
    for (let id = 0; id < topology.edgeCount; id += 9973) expect(topology.edgeId(topology.edgeName(id))).toBe(id);
  });
});

describe('names and ids', () => {
  it.each([true, false])('every edge has its own name, which leads back to it (parallel: %s)', (parallel) => {
    const topology = new Topology({ layers: 3, heads: 5, parallel });
    const names = new Set<string>();
    for (let id = 0; id < topology.edgeCount; id++) {
      const name = topology.edgeName(id);
      names.add(name);
      expect(topology.edgeId(name)).toBe(id);
      const edge = topology.edge(id);
      expect(
        edge.kind === 'addition' ? topology.additionEdge(edge.writer, edge.port) : topology.directEdge(edge.port),
      ).toBe(id);
    }
    expect(names.size).toBe(topology.edgeCount);
  });

  it('an attention-only model has the edges of the model with MLPs that touch none, under the same names', () => {
    const whole = new Topology({ layers: 3, heads: 2, parallel: false });
    const topology = new Topology({ layers: 3, heads: 2, parallel: true, attentionOnly: true });
    const names = Array.from({ length: topology.edgeCount }, (_, id) => topology.edgeName(id));
    expect(names).toEqual(
      Array.from({ length: whole.edgeCount }, (_, id) => whole.edgeName(id)).filter((name) => !/\bm\d/.test(name)),
    );
    names.forEach((name, id) => expect(topology.edgeId(name)).toBe(id));
    for (let id = 0; id < topology.edgeCount; id++) {
      const edge = topology.edge(id);
      const again =
        edge.kind === 'addition' ? topology.additionEdge(edge.writer, edge.port) : topology.directEdge(edge.port);
      expect(again).toBe(id);
    }
    for (const name of ['m0->logits', 'input->m0', 'a0.h0->m0']) expect(topology.edgeId(name)).toBeUndefined();
    expect(() => topology.mlpWriter(0)).toThrow(EdgewiseError);
    expect(topology.mlpPorts(0)).toEqual([]);
    expect(topology.parallel).toBe(false);
  });

  it('spells them as EAP-IG and MIB do', () => {
    const topology = new Topology({ layers: 12, heads: 12, parallel: false });
    expect(topology.edgeName(topology.additionEdge(topology.headWriter(9, 9), topology.headPort(11, 'q', 10)))).toBe(
      'a9.h9->a11.h10<q>',
    );
    expect(topology.edgeName(topology.additionEdge(topology.mlpWriter(3), topology.logitsPort))).toBe('m3->logits');
    expect(topology.edgeName(topology.additionEdge(0, topology.mlpPort(0)))).toBe('input->m0');
    expect(topology.edgeName(topology.directEdge(topology.headPort(3, 'q', 0)))).toBe('a3.h0<q>->a3.h0');
    expect(topology.headWriter(11, 11)).toBe(1 + 11 * 13 + 11);
    expect(topology.headPort(2, 'v', 7)).toBe(2 * 37 + 24 + 7);
  });

  it('knows no edge backwards, within a layer or of another model', () => {
    const topology = new Topology({ layers: 2, heads: 2, parallel: false });
    for (const name of [
      'm1->a0.h0<q>',
      'a0.h0->a0.h1<q>',
      'm0->m0',
      'a2.h0->logits',
      'a0.h0->a1.h0',
      'a0.h00->logits',
      'a0.h0->a01.h0<q>',
      'm1e0->logits',
      'a0.h2->logits',
      'a0.h0->m2',
      'logits->logits',
      'input->input',
      'input->a0.h0<q><q>',
      'input->a0.h0<q>->a0.h0',
      'a0.h0<q>->a0.h1',
      'm0<q>->m0',
      'input->m0<q>',
      ' input->m0',
      `a${'9'.repeat(100_000)}.h0->logits`,
      'input->'.repeat(100_000),
      '__proto__',
      '',
    ]) {
      expect(topology.edgeId(name)).toBeUndefined();
    }
  });

  it('has an edge from a head to the MLP of its layer unless they are parallel', () => {
    expect(new Topology({ layers: 1, heads: 1, parallel: false }).edgeId('a0.h0->m0')).toBeDefined();
    expect(new Topology({ layers: 1, heads: 1, parallel: true }).edgeId('a0.h0->m0')).toBeUndefined();
  });

  it('refuses ids and edges that do not exist', () => {
    const topology = new Topology({ layers: 1, heads: 1, parallel: true });
    expect(() => topology.edge(topology.edgeCount)).toThrow(EdgewiseError);
    expect(() => topology.edge(-1)).toThrow(EdgewiseError);
    expect(() => topology.additionEdge(topology.headWriter(0, 0), topology.mlpPort(0))).toThrow(EdgewiseError);
    expect(() => topology.directEdge(topology.logitsPort)).toThrow(EdgewiseError);
  });
});

describe('size', () => {
  it.each([
    [1000, 3],
    [1000, 64],
    [2, 1_000_000],
    [2 ** 31 - 1, 1],
    [0, 1],
    [1, 0],
    [NaN, 1],
  ])('%i layers of %i heads are refused before anything is built', (layers, heads) => {
    expect(graphFits({ layers, heads })).toBe(false);
    expect(() => new Topology({ layers, heads, parallel: false }, 'c.json')).toThrow(/^c\.json: .* is too large/);
  });

  it('counts edges as the topology has them', () => {
    for (const [layers, heads] of [
      [1, 1],
      [1, 7],
      [5, 3],
      [12, 12],
    ] as const) {
      // prettier-ignore
      for (const parallel of [true, false]) {
        const { additionEdges, directEdges } = new Topology({ layers, heads, parallel });
        expect(edgeCounts({ layers, heads, parallel })).toEqual({ addition: additionEdges, direct: directEdges });
      }
    }
  });

  it('of the largest graph names are found without a table of all', async () => {
    const topology = new Topology({ layers: 40, heads: 40, parallel: false });
    const seconds = await cpuSeconds(() => {
      for (let id = 0; id < topology.edgeCount; id += 9973) expect(topology.edgeId(topology.edgeName(id))).toBe(id);
    });
    expect(seconds).toBeLessThan(1);
  });
});
