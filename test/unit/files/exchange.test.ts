import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { keptEdges, type Circuit } from '../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { Scores } from '../../../src/circuit/scores.js';
import { Topology } from '../../../src/circuit/topology.js';
import { select } from '../../../src/discover/select.js';
import {
  CIRCUIT_WRITERS,
  FOREIGN_FORMATS,
  fileTopology,
  mibCircuits,
  mibImportances,
  parseScores,
  readEdgePruning,
  readForeign,
  readNodeLink,
  resolveCircuit,
  type CircuitFormat,
} from '../../../src/files/index.js';
import { choosesEdges } from '../../../src/files/tools/foreign.js';
import { readStrictJson } from '../../../src/base/json/json-fields.js';
import { networkx } from '../../support/external-tools.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as toy,
  sampleCircuit,
  sampleDirectCircuit,
  sampleProvenance,
} from '../../support/sample-circuit.js';
import { sampleScores } from '../../support/sample-scores.js';

const names = (kept: EdgeSet): string[] => [...kept].map((id) => kept.topology.edgeName(id));
const additionNames = (kept: EdgeSet): string[] => names(kept).slice(0, kept.additionSize);

/** The message of the EdgewiseError that `action` throws: one line that begins with the file. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.message).toMatch(/^f\.json: [^\p{Cc}\p{Cf}]{1,400}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

describe('every further format', () => {
  it.each([
    ['edge-pruning', 'edges.json'],
    ['node-link', 'node-link.json'],
    ['attribution-graph', 'attribution-graph.json'],
    ['acdc', 'acdc.json'],
  ] as readonly [CircuitFormat, string][])('%s is written as ever', async (format, name) => {
    const text = CIRCUIT_WRITERS[format](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS[format](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot(`../golden/export/${name}`);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    JSON.parse(text);
  });
});

describe('Edge Pruning', () => {
  const read = (pairs: unknown, topology = toy) => readEdgePruning(pairs, 'f.json', topology);
  const kept = (pairs: unknown): string[] => additionNames(resolveCircuit(read(pairs).file, toy).kept);

  it('writes the kept edges in its names', () => {
    const pairs = JSON.parse(CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())) as unknown[];
    expect(pairs).toHaveLength(Object.keys(SAMPLE_KEPT).length);
    expect(pairs).toContainEqual(['tok_embeds', 'a0.h1.v']);
    expect(pairs).toContainEqual(['m1', 'resid_post']);
    expect(pairs).toContainEqual(['m0', 'm1']);
    const both = sampleCircuit({ provenance: sampleProvenance({ input: 'token+position' }) });
    expect(JSON.parse(CIRCUIT_WRITERS['edge-pruning'](both))).toContainEqual(['pos_embeds', 'a0.h1.v']);
  });

  it('reads what it writes, for any circuit with an edge from the input', () => {
    const circuits = fc
      .record({ layers: fc.integer({ min: 1, max: 3 }), heads: fc.integer({ min: 1, max: 3 }), parallel: fc.boolean() })
      .map((shape) => new Topology(shape))
      .chain((topology) =>
        fc
          .array(fc.nat(topology.additionEdges - 1))
          .map((ids) => EdgeSet.of(topology, [...EdgeSet.empty(topology), 0, ...ids])),
      );
    fc.assert(
      fc.property(circuits, (edges) => {
        const { topology } = edges;
        const arrays = { effects: new Float64Array(topology.edgeCount), steps: new Int32Array(topology.edgeCount) };
        const circuit: Circuit = { ...sampleCircuit(), topology, kept: edges, ...arrays, untestedRemovals: [] };
        const { file, notes } = readEdgePruning(
          JSON.parse(CIRCUIT_WRITERS['edge-pruning'](circuit)),
          'f.json',
          topology,
        );
        expect(names(resolveCircuit(file, topology).kept)).toEqual(names(edges));
        expect(notes).toEqual([]);
      }),
    );
  });

  it('takes a file without embeddings for one whose input feeds everything, and says so', () => {
    const { notes } = read([
      ['m0', 'm1'],
      ['m1', 'resid_post'],
    ]);
    expect(notes).toEqual([expect.stringContaining('input is taken to feed every reader')]);
    const inputs = toy.ports.map((_, port) => toy.edgeName(toy.firstEdge(port)));
    expect(
      kept([
        ['m0', 'm1'],
        ['m1', 'resid_post'],
      ]).toSorted(),
    ).toEqual([...inputs, 'm0->m1', 'm1->logits'].toSorted());
  });

  it('leaves positions out, and says so', () => {
    const pairs = [
      ['pos_embeds', 'm0'],
      ['tok_embeds', 'm1'],
      ['m1', 'resid_post'],
    ];
    expect(kept(pairs)).toEqual(['input->m1', 'm1->logits']);
    expect(read(pairs).notes).toEqual([expect.stringContaining('1 edges of pos_embeds are left out')]);
  });

  it.each([
    ['{}', 'the file: got an object, expected an array'],
    ['[3]', '[0]: got 3, expected an array'],
    ['[["m0"]]', '[0]: got an array, expected a pair of names'],
    ['[["m0", "m1", "m1"]]', '[0]: got an array, expected a pair of names'],
    ['[["m0", 1]]', '[0]: got an array, expected a pair of names'],
    ['[["m0", "m1"], ["m0", "a1.h0"]]', '[1]: got "a1.h0", expected a reader of the model: aL.hH.q'],
    ['[["m0", "m2"]]', '[0]: got "m2", expected a reader'],
    ['[["a0.h2", "m1"]]', '[0]: got "a0.h2", expected a writer of the model'],
    ['[["input", "m1"]]', '[0]: got "input", expected a writer'],
    ['[["m1", "m0"]]', '[0]: "m1 -> m0": the reader comes before the writer'],
    ['[["m0", "m1"], ["m0", "m1"]]', '[1]: "m0 -> m1" is there twice'],
    ['[["m0", NaN]]', '[0]: got an array'],
    ['[', 'not valid JSON at line 1'],
  ])('says what is wrong with %s', (text, message) => {
    expect(complaint(() => readEdgePruning(readStrictJson(text, 'f.json'), 'f.json', toy))).toContain(message);
  });
});

describe('node-link', () => {
  const open = (text: string): Circuit => {
    const file = readNodeLink(readStrictJson(text, 'f.json'), 'f.json');
    return resolveCircuit(file, fileTopology(file));
  };

  it.each([
    ['kept edges', sampleCircuit(), {}],
    ['all edges', sampleCircuit(), { allEdges: true }],
    ['direct edges', sampleDirectCircuit(), { allEdges: true }],
    [
      'of another program',
      sampleCircuit({ provenance: null, width: null, imported: { positive: 'helps', selection: null } }),
      {},
    ],
  ])('reads what it writes: %s', (_, circuit, options) => {
    const back = open(CIRCUIT_WRITERS['node-link'](circuit, options));
    expect(names(back.kept)).toEqual(names(circuit.kept));
    expect([back.width, back.directTested, back.untestedRemovals]).toEqual([
      circuit.width,
      circuit.directTested,
      circuit.untestedRemovals,
    ]);
    expect(back.provenance).toEqual(circuit.provenance);
    expect(back.imported).toEqual(circuit.imported);
    for (let id = 0; id < toy.edgeCount; id++) {
      const listed = 'allEdges' in options || circuit.kept.has(id);
      const own = id < toy.additionEdges || circuit.directTested;
      expect(back.effects[id]).toBe(listed && own ? circuit.effects[id] : NaN);
    }
  });

  it("reads another program's graph, by key or by port, and the first measure there is", () => {
    const graph = {
      nodes: [{ id: 'm0' }],
      links: [
        { source: 'm0', target: 'a1.h0', port: 'q', weight: -2 },
        { source: 'm0', target: 'a1.h0', key: 'm0->a1.h0<v>', score: 3, weight: 9 },
        { source: 'm0', target: 'm1', key: 0, in_circuit: false, effect: NaN },
        { source: 'm1', target: 'logits' },
      ],
    };
    const circuit = resolveCircuit(
      readNodeLink(readStrictJson(JSON.stringify(graph).replace('null', 'NaN'), 'f.json'), 'f.json'),
      toy,
    );
    expect(additionNames(circuit.kept)).toEqual(['m0->a1.h0<q>', 'm0->a1.h0<v>', 'm1->logits']);
    const effect = (name: string): number => circuit.effects[toy.edgeId(name)!]!;
    expect(['m0->a1.h0<q>', 'm0->a1.h0<v>', 'm0->m1', 'm1->logits'].map(effect)).toEqual([-2, 3, NaN, NaN]);
    expect([circuit.provenance, circuit.imported]).toEqual([null, { positive: null, selection: null }]);
  });

  const graph = (edges: unknown, rest: object = {}): string => JSON.stringify({ nodes: [], edges, ...rest });
  const ok = { source: 'm0', target: 'm1' };
  it.each([
    ['[]', 'the file: got an array'],
    ['{"nodes": []}', 'links: got nothing, expected an array'],
    ['{"edges": []}', 'nodes: got nothing, expected an array'],
    [graph([3]), 'edges[0]: got 3, expected an object'],
    [graph([{ source: 1, target: 'm1' }]), 'edges[0].source: got 1, expected the name of a node'],
    [
      graph([ok, { source: 'm0', target: 'a1.h0' }]),
      'edges[1].port: got nothing, expected q, k or v: which input of "a1.h0" it is',
    ],
    [graph([{ ...ok, port: 'x' }]), 'edges[0].port: got "x", expected q, k, v or out'],
    [graph([{ ...ok, key: 'm0->logits' }]), 'edges[0].key: got "m0->logits", expected an edge from m0 to m1'],
    [graph([ok, ok]), 'edges[1]: "m0->m1" is there twice'],
    [graph([{ ...ok, effect: '1' }]), 'edges[0].effect: got "1", expected a number'],
    [graph([{ ...ok, in_circuit: 1 }]), 'edges[0].in_circuit: got 1'],
    [graph([{ ...ok, step: -2 }]), 'edges[0].step: got -2'],
    [graph([], { directed: false }), 'directed: got false'],
    [graph([], { graph: { n_layers: 0 } }), 'graph.n_layers: got 0'],
    [graph([], { graph: { edgewise: { provenance: {} } } }), 'edgewise.provenance.'],
    [graph([{ source: 'm0', target: 'm9' }]), 'edge "m0->m9": not in a model'],
    ['{"nodes": [], "edges": [], "edges": []}', 'the key "edges" is there twice'],
  ])('says what is wrong with %s', (text, message) => {
    expect(complaint(() => resolveCircuit(readNodeLink(readStrictJson(text, 'f.json'), 'f.json'), toy))).toContain(
      message,
    );
  });

  it('never fails but with one line that names the file', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('edges', 'graph', 'nodes'), fc.boolean(), (json, key, pruning) => {
        const text = pruning ? json : `{"nodes": [], "links": [], "${key}": ${json}}`;
        try {
          if (pruning) readEdgePruning(readStrictJson(text, 'f.json'), 'f.json', toy);
          else resolveCircuit(readNodeLink(readStrictJson(text, 'f.json'), 'f.json'), toy);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgewiseError);
          expect(String(error)).toMatch(/f\.json/);
          expect(String(error)).not.toMatch(/[\n\u001b]/);
        }
      }),
    );
  });
});

describe.skipIf(networkx.skip)('node-link through networkx', () => {
  it('comes back the same circuit, parallel edges and all', () => {
    const script = `
import json, sys, networkx
graph = networkx.node_link_graph(json.load(sys.stdin), edges="edges")
assert graph.is_directed() and graph.is_multigraph()
data = networkx.node_link_data(graph, edges="edges")
print(json.dumps({"count": graph.number_of_edges(), "between": graph.number_of_edges("a0.h1", "a1.h0"), "data": data}))
`;
    const circuit = sampleDirectCircuit();
    const output = JSON.parse(networkx.run(['-c', script], CIRCUIT_WRITERS['node-link'](circuit))) as {
      count: number;
      between: number;
      data: unknown;
    };
    expect([output.count, output.between]).toEqual([keptEdges(circuit), 3]);
    const file = readNodeLink(output.data, 'networkx.json');
    const back = resolveCircuit(file, fileTopology(file));
    expect(names(back.kept)).toEqual(names(circuit.kept));
    expect(back.provenance).toEqual(circuit.provenance);
    for (const id of circuit.kept) expect(back.effects[id]).toBe(circuit.effects[id]);
  });
});

describe('attribution graph', () => {
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
      slug: 'toy-2l-toy-acdc-kl-0-05',
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

  it('gives a circuit without measures links of 1, and one without a prompt two columns', () => {
    const bare = sampleCircuit({ effects: new Float64Array(toy.edgeCount).fill(NaN), provenance: null });
    const { metadata, links } = graphOf(bare);
    expect(metadata.prompt_tokens.length).toBe(2);
    expect(links.map((link) => link.weight).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 3]);
  });
});

describe('a file of any kind', () => {
  const shape = { topology: toy, width: 16 };

  it.each([
    ['eap-ig', CIRCUIT_WRITERS['eap-ig'](sampleCircuit())],
    ['eap-ig', CIRCUIT_WRITERS.json(sampleCircuit())],
    ['edge-pruning', CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())],
    ['node-link', CIRCUIT_WRITERS['node-link'](sampleCircuit())],
  ] as const)('is told by its content: %s', (format, text) => {
    const read = readForeign(`\ufeff${text}`, 'f.json', 'auto', shape);
    expect(read.format).toBe(format);
    expect(additionNames(read.circuit.kept)).toEqual(additionNames(sampleCircuit().kept));
    expect(read.scores === null).toBe(format === 'edge-pruning');
    expect(read.circuit.width).toBe(16);
    expect(choosesEdges(read)).toBe(true);
  });

  it('with scores alone chooses nothing, whether it keeps all edges or none', () => {
    const edges = (inGraph: boolean): string =>
      JSON.stringify({
        edges: Object.fromEntries(
          Array.from({ length: toy.additionEdges }, (_, id) => [toy.edgeName(id), { score: id, in_graph: inGraph }]),
        ),
      });
    for (const text of [edges(true), edges(false)])
      expect(choosesEdges(readForeign(text, 'f.json', 'auto', shape))).toBe(false);
  });

  it('never fails but with one line that names the file', () => {
    const member = fc.constantFrom('edges', 'links', 'nodes', 'cfg', 'edgewise', 'graph');
    fc.assert(
      fc.property(
        fc.dictionary(member, fc.jsonValue()),
        fc.constantFrom('auto' as const, ...FOREIGN_FORMATS),
        (json, format) => {
          try {
            readForeign(JSON.stringify(json), 'f.json', format, shape);
          } catch (error) {
            expect(error).toBeInstanceOf(EdgewiseError);
            expect(String(error)).toMatch(/f\.json: [^\n\u001b]+$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("ACDC's names", () => {
  it('are those of its hooks', () => {
    const edges = JSON.parse(CIRCUIT_WRITERS.acdc(sampleDirectCircuit())) as [unknown[], number | null][];
    expect(edges).toHaveLength(keptEdges(sampleDirectCircuit()));
    expect(edges).toContainEqual([
      ['blocks.1.hook_q_input', [null, null, 0], 'blocks.0.attn.hook_result', [null, null, 1]],
      0.125,
    ]);
    expect(edges).toContainEqual([['blocks.1.hook_resid_post', [null], 'blocks.1.hook_mlp_out', [null]], 0.5]);
    expect(edges).toContainEqual([['blocks.1.hook_mlp_in', [null], 'blocks.0.hook_mlp_out', [null]], 1e-13]);
    expect(edges).toContainEqual([['blocks.0.hook_v_input', [null, null, 1], 'blocks.0.hook_resid_pre', [null]], 0.3]);
    expect(edges).toContainEqual([
      ['blocks.1.attn.hook_q', [null, null, 0], 'blocks.1.hook_q_input', [null, null, 0]],
      0.2,
    ]);
    expect(JSON.parse(CIRCUIT_WRITERS.acdc(sampleCircuit()))).toHaveLength(Object.keys(SAMPLE_KEPT).length);
  });
});

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
