import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { candidateEdges, keptEdges, type Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS, openCircuit } from '../../../../src/files/index.js';
import { complaint } from '../../../support/circuit-files.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

function readJson(path: string): Circuit {
  return openCircuit(readFileSync(path, 'utf8'), path).circuit;
}

/** The circuit in a GEXF text. What the file tells of the model in part only is accepted, as the viewer does. */
function read(text: string, source = 'c.gexf'): Circuit {
  return openCircuit(text, source, { format: 'gexf', acceptLeastShape: true }).circuit;
}

/** Kept candidate edges with what is known of them. */
function keptOf(circuit: Circuit): Map<string, readonly [effect: number, step: number]> {
  const ids = [...circuit.kept].filter((id) => id < candidateEdges(circuit));
  return new Map(ids.map((id) => [circuit.topology.edgeName(id), [circuit.effects[id]!, circuit.steps[id]!] as const]));
}

function expectSameCircuit(back: Circuit, expected: Circuit): void {
  expect(keptOf(back)).toEqual(keptOf(expected));
  expect(back.provenance).toEqual(expected.provenance);
  expect(back.directTested).toBe(expected.directTested);
  const { layers, heads, parallel } = expected.topology;
  expect(back.topology).toMatchObject({ layers, heads, parallel });
}

describe('readGexf', () => {
  it.each([
    ['kept edges', sampleCircuit(), {}],
    ['all edges', sampleCircuit(), { allEdges: true }],
    ['direct edges', sampleDirectCircuit(), {}],
    ['all edges, direct ones too', sampleDirectCircuit(), { allEdges: true }],
    ['a circuit of another program', sampleCircuit({ provenance: null }), {}],
  ])('gives back what was written: %s', (_, circuit, options) => {
    const direct = { ...circuit.provenance!, directEdges: circuit.directTested };
    const written = circuit.provenance ? { ...circuit, provenance: direct } : circuit;
    const back = read(CIRCUIT_WRITERS.gexf(written, options), 'c.gexf');
    expectSameCircuit(back, written);
    if ('allEdges' in options) expect(back.effects).toEqual(circuit.effects);
  });

  it('gives back the circuits of graphs/, the layers that have no node in the circuit included', () => {
    const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.gexf'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const back = read(readFileSync(`${GRAPHS}${name}`, 'utf8'), name);
      expectSameCircuit(back, readJson(`${GRAPHS}${name.replace('.gexf', '.json')}`));
    }
  });

  it.skipIf(!existsSync(mib))('gives back a published circuit of GPT-2 small', () => {
    const circuit = readJson(mib);
    const back = read(CIRCUIT_WRITERS.gexf(circuit), 'ioi.gexf');
    expect(keptEdges(back)).toBe(756);
    expectSameCircuit(back, circuit);
  });

  it('takes what Gephi and networkx leave: other attribute order, no kind, weights for effects', () => {
    const text = `<?xml version='1.0'?>
      <!-- <node id="x"/> <edge> -->
      <gexf version="1.2" xmlns="http://www.gexf.net/1.2draft"><graph defaultedgetype="directed">
      <attributes class="edge"><attribute id="0" title="port" type="string"/></attributes>
      <nodes><node id="m0"/><node id="a1.h0"></node><node id="logits" label="l"/></nodes>
      <edges><edge target="a1.h0" source="m0" weight="0.5" id="0"><attvalues><attvalue for="0" value="k"/></attvalues></edge>
      <edge source="a1.h0" target="logits" weight="-2"/>
      </edges></graph></gexf> `;
    const back = read(text, 'c.gexf');
    expect(keptOf(back)).toEqual(
      new Map([
        ['m0->a1.h0<k>', [0.5, -1]],
        ['a1.h0->logits', [-2, -1]],
      ]),
    );
    expect(back.provenance).toBeNull();
    expect(back.directTested).toBe(false);
  });

  const good = CIRCUIT_WRITERS.gexf(sampleCircuit());
  it('takes values of attributes that are not declared as what they look like', () => {
    const text = good.replace(/<attribute id="(effect|step|in_circuit)"[^>]*>/g, '');
    expectSameCircuit(read(text, 'c.gexf'), sampleCircuit());
    expect(
      keptEdges(read(text.replaceAll('for="in_circuit" value="true"', 'for="in_circuit" value="false"'), 'c')),
    ).toBe(0);
  });

  it.each([
    ['', 'there is no element'],
    ['<html><body>hello</body></html>', 'line 1: no <gexf> element: the root is <html>'],
    ['<!-- <gexf> -->', 'there is no element'],
    [good.slice(0, good.indexOf('</edges>')), 'the text ends inside <edges>: it does not end in </gexf>'],
    [good.slice(0, good.length / 2), 'broken XML'],
    [good.replace('<gexf', '<!DOCTYPE x [<!ENTITY a "b">]><gexf'), 'line 2: broken XML: it has a DTD'],
    [good.replace('<node id="m0"', '<node id="m1"'), 'node "m1" is there twice'],
    [good.replace('<node id="m0"', '<node'), '<node> has no id'],
    [good.replaceAll('a0.h1', 'cat'), 'node "cat": expected a name such as a9.h9'],
    [good.replaceAll('a0.h1', 'a0.h1\u202e'), String.raw`node "a0.h1\u202e": expected a name`],
    [good.replaceAll('a0.h1', 'a9999.h1'), 'node "a9999.h1": expected a name'],
    [
      good.replace('source="m0" target="m1"', 'source="m1" target="m0"'),
      'edge "m1->m0": leads backwards: m0 does not read after m1 writes, in a model with 2 layers',
    ],
    [
      good.replace('source="m1" target="logits"', 'source="logits" target="logits"'),
      'edge "logits->logits": leads to its own node',
    ],
    [good.replace(' source="m1" target="logits"', ' source="m7" target="logits"'), '"m7" is no node of the file'],
    [good.replace(' source="m1" target="logits"', ' source="m1"'), '<edge> has no target, expected one'],
    [good.replace(/<edge (?=[^>]*source="m1" target="logits")/, '$&x="1" x="2" '), '<edge> has the attribute x twice'],
    [
      good.replaceAll('kind="k"', '').replace('<attvalue for="port" value="k"/>', '').replace('h0&lt;k&gt;"', 'h0"'),
      'no port q, k or v',
    ],
    [good.replace('defaultedgetype="directed"', ''), 'has undirected edges, expected directed ones'],
    [good.replace('for="step" value="3"', 'for="step" value="3.5"'), 'step: got "3.5", expected an integer from 0'],
    [good.replace('for="effect" value="0.125"', 'for="effect" value="lots"'), 'effect: got "lots", expected a number'],
    [
      good.replace('for="in_circuit" value="true"/><attvalue for="m', 'for="in_circuit" value="x"/><attvalue for="m'),
      'in_circuit: got "x", expected true or false',
    ],
    [good.replace(/for="meta_json" value="[^"]*"/, 'for="meta_json" value="{"'), 'meta_json is not valid JSON'],
    [
      good.replace(/for="meta_json" value="[^"]*"/, 'for="meta_json" value="[]"'),
      'meta_json: got an array, expected an object',
    ],
    [good.replace(/for="meta_json" value="[^"]*"/, 'for="meta_json" value="{}"'), 'edgewise.provenance.'],
    [
      good.replace(/for="cfg_json" value="[^"]*"/, 'for="cfg_json" value="{}"'),
      'node "input": cfg_json.n_layers: got nothing',
    ],
    [good.replace(/n_heads&quot;:2/, 'n_heads&quot;:3'), 'cfg_json: nodes "input" and "logits" say different things'],
    [good.replaceAll(/n_heads&quot;:2/g, 'n_heads&quot;:9e9'), 'cfg_json.n_heads: got 9000000000'],
    ['<gexf></gexf>', 'broken GEXF: there is no <graph> element'],
  ])('says what is wrong with %#', (text, message) => {
    expect(complaint(() => read(text), 'c.gexf')).toContain(message);
  });

  it('reads the whole of a text or nothing of it', () => {
    const whole = keptEdges(read(good));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('', '<', '>', '"', '&', '\0', '</edge>', '<!--', '<![CDATA[', '<?'),
        (at, junk) => {
          try {
            expect(keptEdges(read(good.slice(0, at) + junk + good.slice(at + 1)))).toBeGreaterThanOrEqual(whole - 1);
          } catch (error) {
            expect(error).toBeInstanceOf(EdgewiseError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is used for an empty circuit too, whose shape the number of edges leaves in doubt', () => {
    const { topology } = sampleCircuit();
    const empty = sampleCircuit({
      kept: EdgeSet.empty(topology),
      provenance: sampleProvenance(),
      untestedRemovals: [],
    });
    expectSameCircuit(read(CIRCUIT_WRITERS.gexf(empty)), empty);
    const text = CIRCUIT_WRITERS.gexf(empty).replaceAll(/<attvalue for="cfg_json"[^>]*>/g, '');
    expect(complaint(() => openCircuit(text, 'c.gexf'), 'c.gexf')).toBe(
      'c.gexf: 46 edges are those of 2 layers of 2 heads or of 3 layers of 1 head; it has at least 1 layer of 1 head',
    );
    const least = openCircuit(text, 'c.gexf', { acceptLeastShape: true });
    expect(least.notes).toEqual([expect.stringContaining('it has at least 1 layer of 1 head')]);
    expect(least).toMatchObject({ sizesKnown: false, circuit: { topology: { layers: 1, heads: 1 }, width: null } });
    const model = { topology, width: null };
    expect(openCircuit(text, 'c.gexf', { model })).toMatchObject({ notes: [], circuit: { directTested: false } });
  });

  it('reads all edges of GPT-2 small', () => {
    const large = new Topology({ layers: 12, heads: 12, parallel: false });
    const circuit = sampleCircuit({
      topology: large,
      kept: EdgeSet.where(large, (id) => id % 3 > 0 || id >= large.additionEdges),
      effects: Float64Array.from({ length: large.edgeCount }, (_, id) => (id < large.additionEdges ? id / 7 : NaN)),
      steps: new Int32Array(large.edgeCount).fill(-1),
      untestedRemovals: [],
    });
    const text = CIRCUIT_WRITERS.gexf(circuit, { allEdges: true });
    const back = read(text);
    expect([...back.kept]).toEqual([...circuit.kept]);
    expect(back.effects).toEqual(circuit.effects);
  });
});
