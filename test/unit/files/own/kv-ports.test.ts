/** Files of circuits whose heads share key and value ports say so, and are held to it. */
import { describe, expect, it } from 'vitest';

import { combineScores } from '../../../../src/circuit/combine-scores.js';
import { createScores, type Scores } from '../../../../src/circuit/scores.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { openCircuit, parseScores, writeScoresJson } from '../../../../src/files/index.js';
import { writeDot } from '../../../../src/files/graph/dot.js';
import { toGraph } from '../../../../src/files/graph/circuit-graph.js';
import { writeCircuitJson } from '../../../../src/files/own/circuit-json.js';
import { mibImportances } from '../../../../src/files/tools/mib-folder.js';
import { sampleCircuit, sampleSharedCircuit } from '../../../support/sample-circuit.js';

const TEXT = writeCircuitJson(sampleSharedCircuit(true));

function scoresOf(kvPorts: number): Scores {
  const topology = new Topology({ layers: 1, heads: 4, kvPorts, parallel: false });
  const values = Float64Array.from({ length: topology.edgeCount }, (_, id) => (id < topology.additionEdges ? id : NaN));
  const rest = { nodes: null, neurons: null, perPrompt: null, provenance: null };
  return createScores({ topology, width: 8, values, positive: 'helps', ...rest });
}

describe('circuit.json', () => {
  it('says that heads share ports in its configuration and in its provenance', () => {
    const json = JSON.parse(TEXT) as { cfg: object; nodes: object; edges: object; edgewise: { provenance: object } };
    expect(json.cfg).toEqual({ n_layers: 2, n_heads: 4, n_kv_ports: 2, parallel_attn_mlp: false, d_model: 32 });
    expect(json.edgewise.provenance).toMatchObject({ kv_ports: 'grouped' });
    expect(Object.keys(json.nodes).slice(0, 4)).toEqual(['input', 'a0.kv0', 'a0.kv1', 'a0.h0']);
    expect(json.edges).toHaveProperty(['a0.h0->a1.kv1<k>']);
    expect(json.edges).not.toHaveProperty(['a0.h0->a1.h3<k>']);
  });

  it('of heads with their own ports says nothing of it, as before', () => {
    const text = writeCircuitJson(sampleCircuit());
    expect(text).not.toMatch(/kv/);
    expect(openCircuit(text, 'c.json').circuit.topology.kvPorts).toBe(2);
  });

  it.each([
    ['"n_kv_ports":2', '"n_kv_ports":3', 'cfg.n_kv_ports: got 3, expected a divisor of n_heads (4)'],
    ['"n_kv_ports":2', '"n_kv_ports":0', 'cfg.n_kv_ports: got 0, expected an integer from 1'],
    ['"n_kv_ports":2', '"n_kv_ports":"2"', 'cfg.n_kv_ports: got "2", expected an integer from 1'],
    [
      '"n_kv_ports":2',
      '"n_kv_ports":4',
      'its provenance says kv_ports grouped, but in its model every head has its own',
    ],
    ['"n_kv_ports":2,', '', 'its provenance says kv_ports grouped, but in its model every head has its own ports'],
    ['"n_kv_ports":2', '"n_kv_ports":1', 'not in a model with 2 layers of 4 heads that share 1 key/value port '],
    ['"kv_ports": "grouped"', '"kv_ports": "shared"', 'edgewise.provenance.kv_ports: got "shared", expected "grouped"'],
    ['"kv_ports": "grouped"', '"kv_ports": null', 'edgewise.provenance.kv_ports: got null, expected "grouped"'],
    ['"a0.h0->a1.kv1<k>"', '"a0.h0->a1.h3<k>"', 'edge "a0.h0->a1.h3<k>": not in a model with 2 layers of 4 heads that'],
    ['"a0.h0->a1.kv1<k>"', '"a0.h0->a1.kv1<q>"', 'edge "a0.h0->a1.kv1<q>": not in a model'],
  ])('with %s as %s is refused in one line', (from, to, message) => {
    expect(TEXT).toContain(from);
    expect(() => openCircuit(TEXT.replace(from, to), 'c.json')).toThrow(message);
  });

  it('is opened for a model with the ports that it has', () => {
    const perHead = new Topology({ layers: 2, heads: 4, parallel: false });
    const model = { topology: perHead, width: null, kvHeads: 2 };
    expect(openCircuit(TEXT, 'c.json', { model }).circuit.topology.kvPorts).toBe(2);
    expect(() => openCircuit(TEXT, 'c.json', { model: { ...model, kvHeads: 1 } })).toThrow(
      'cfg: kvPorts 2, expected 1',
    );
    expect(() => openCircuit(TEXT, 'c.json', { model: { ...model, kvHeads: 4 } })).toThrow(
      'cfg: kvPorts 2, expected 4',
    );
    expect(() => openCircuit(TEXT, 'c.json', { model: { topology: perHead, width: null } })).toThrow(
      'cfg: kvPorts 2, expected 4',
    );
  });
});

describe('other files', () => {
  it('scores.json gives back the scores of shared ports, and refuses a model with others', () => {
    const scores = scoresOf(2);
    const text = writeScoresJson(scores);
    expect(parseScores(text, 's.json').values).toEqual(scores.values);
    expect(() => parseScores(text, 's.json', scoresOf(4).topology)).toThrow('cfg: kvPorts 2, expected 4');
  });

  it('scores of other ports are not combined', () => {
    const parts = [2, 4].map((ports) => ({ name: `${ports}.json`, hash: '', scores: scoresOf(ports) }));
    expect(() => combineScores(parts, 'mean')).toThrow(
      '4.json: has other ports of keys and values (kv-ports per-head)',
    );
  });

  it('MIB has no such ports', () => {
    expect(() => mibImportances(scoresOf(2), 'ioi_toy')).toThrow(
      /^EAP-IG: has no key and value ports that heads share/,
    );
  });

  it('DOT draws the links to the heads that share them as dots', () => {
    const dot = writeDot(toGraph(sampleSharedCircuit()));
    expect(dot).toContain('"a1.kv1" -> "a1.h3" [style=dotted, arrowhead=none];');
    expect(dot).toContain('"a0.h0" -> "a1.kv1" [');
  });
});
