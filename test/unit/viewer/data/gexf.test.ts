import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { candidateEdges, keptEdges, type Circuit } from '../../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { Topology } from '../../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS, fileTopology, parseCircuit, resolveCircuit } from '../../../../src/files/index.js';
import { topologyOfNames } from '../../../../viewer/data/gexf-topology.js';
import { readGexf } from '../../../../viewer/data/read-gexf.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

function readJson(path: string): Circuit {
  const file = parseCircuit(readFileSync(path, 'utf8'), path);
  return resolveCircuit(file, fileTopology(file));
}

/** Kept candidate edges with what is known of them. */
function keptOf(circuit: Circuit): Map<string, readonly [effect: number, step: number]> {
  const ids = [...circuit.kept].filter((id) => id < candidateEdges(circuit));
  return new Map(ids.map((id) => [circuit.topology.edgeName(id), [circuit.effects[id]!, circuit.steps[id]!] as const]));
}

function expectSameCircuit(read: Circuit, expected: Circuit): void {
  expect(keptOf(read)).toEqual(keptOf(expected));
  expect(read.provenance).toEqual(expected.provenance);
  expect(read.directTested).toBe(expected.directTested);
  const { layers, heads, parallel } = expected.topology;
  expect(read.topology).toMatchObject({ layers, heads, parallel });
}

/** The message of the EdgewiseError that reading the text ends with. */
function complaint(text: string): string {
  try {
    readGexf(text, 'c.gexf');
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.message).toMatch(/^c\.gexf: [^\p{Cc}\p{Cf}]{1,300}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
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
    const read = readGexf(CIRCUIT_WRITERS.gexf(written, options), 'c.gexf');
    expectSameCircuit(read, written);
    if ('allEdges' in options) expect(read.effects).toEqual(circuit.effects);
  });

  it('gives back the circuits of graphs/, the layers that have no node in the circuit included', () => {
    const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.gexf'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const read = readGexf(readFileSync(`${GRAPHS}${name}`, 'utf8'), name);
      expectSameCircuit(read, readJson(`${GRAPHS}${name.replace('.gexf', '.json')}`));
    }
  });

  it.skipIf(!existsSync(mib))('gives back a published circuit of GPT-2 small', () => {
    const circuit = readJson(mib);
    const read = readGexf(CIRCUIT_WRITERS.gexf(circuit), 'ioi.gexf');
    expect(keptEdges(read)).toBe(756);
    expectSameCircuit(read, circuit);
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
    const read = readGexf(text, 'c.gexf');
    expect(keptOf(read)).toEqual(
      new Map([
        ['m0->a1.h0<k>', [0.5, -1]],
        ['a1.h0->logits', [-2, -1]],
      ]),
    );
    expect(read.provenance).toBeNull();
    expect(read.directTested).toBe(false);
  });

  const good = CIRCUIT_WRITERS.gexf(sampleCircuit());
  it('takes values of attributes that are not declared as what they look like', () => {
    const text = good.replace(/<attribute id="(effect|step|in_circuit)"[^>]*>/g, '');
    expectSameCircuit(readGexf(text, 'c.gexf'), sampleCircuit());
    expect(
      keptEdges(readGexf(text.replaceAll('for="in_circuit" value="true"', 'for="in_circuit" value="false"'), 'c')),
    ).toBe(0);
  });

  it.each([
    ['', 'no <gexf> element'],
    ['<html><body>hello</body></html>', 'no <gexf> element'],
    ['<!-- <gexf> -->', 'no <gexf> element'],
    [good.slice(0, good.length / 2), 'does not end in </gexf>'],
    [good.replace('<gexf', '<!DOCTYPE x [<!ENTITY a "b">]><gexf'), 'has a DTD'],
    [good.replace('<node id="m0"', '<node id="m1"'), ''],
    [good.replaceAll('a0.h1', 'cat'), 'node "cat": expected a name such as a9.h9'],
    [good.replaceAll('a0.h1', 'a0.h1\u202e'), 'node "a0.h1 ": expected a name'],
    [good.replaceAll('a0.h1', 'a9999.h1'), 'node "a9999.h1": expected a name'],
    [good.replace('source="m0" target="m1"', 'source="m1" target="m0"'), 'edge "m1->m0": a model has no such edge'],
    [good.replace('source="m1" target="logits"', 'source="logits" target="logits"'), 'a model has no such edge'],
    [good.replace(' source="m1" target="logits"', ' source="m7" target="logits"'), 'broken GEXF'],
    [
      good.replaceAll('kind="k"', '').replace('<attvalue for="port" value="k"/>', '').replace('h0&lt;k&gt;"', 'h0"'),
      'no port q, k or v',
    ],
    [good.replace('defaultedgetype="directed"', ''), 'undirected'],
    [good.replace(/for="meta_json" value="[^"]*"/, 'for="meta_json" value="{"'), 'meta_json is not valid JSON'],
    [good.replace(/for="meta_json" value="[^"]*"/, 'for="meta_json" value="[]"'), 'edgewise.provenance.'],
    ['<gexf></gexf>', 'broken GEXF'],
  ])('says what is wrong with %#', (text, message) => {
    const silent = vi.spyOn(console, 'error').mockReturnValue(undefined);
    expect(complaint(text)).toContain(message);
    silent.mockRestore();
  });

  it('reads the whole of a text or nothing of it', () => {
    const silent = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')].map((spy) => spy.mockReturnValue(undefined));
    const whole = keptEdges(readGexf(good, 'c.gexf'));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('', '<', '>', '"', '&', '\0', '</edge>', '<!--'),
        (at, junk) => {
          try {
            const read = readGexf(good.slice(0, at) + junk + good.slice(at + 1), 'c.gexf');
            expect(keptEdges(read)).toBeGreaterThanOrEqual(whole - 1);
          } catch (error) {
            expect(error).toBeInstanceOf(EdgewiseError);
          }
        },
      ),
      { numRuns: 300 },
    );
    for (const spy of silent) spy.mockRestore();
  });
});

describe('readGexf in a browser', () => {
  it("says what the browser's own parser finds", () => {
    const found = { textContent: 'error on line 3\n at column 7' };
    vi.stubGlobal(
      'DOMParser',
      class {
        parseFromString(): unknown {
          return { querySelector: () => found };
        }
      },
    );
    expect(complaint(CIRCUIT_WRITERS.gexf(sampleCircuit()))).toBe('c.gexf: broken XML (error on line 3  at column 7)');
    vi.unstubAllGlobals();
  });
});

describe('topologyOfNames', () => {
  it('finds the shape again by the number of edges, whatever part of the nodes is there', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        fc.boolean(),
        (layers, heads, direct, part) => {
          const topology = new Topology({ layers, heads, parallel: false });
          const candidates = topology.additionEdges + (direct ? topology.directEdges : 0);
          const nodes = part ? ['input', `a0.h${heads - 1}`, 'logits'] : [`m${layers - 1}`, `a0.h${heads - 1}`];
          const found = topologyOfNames(nodes, { edges: [`a0.h0->m0`], candidates, direct, source: 's' });
          // Two shapes can have the same number of edges.
          expect(found.additionEdges + (direct ? found.directEdges : 0)).toBe(candidates);
          expect(found.layers).toBeLessThanOrEqual(layers);
        },
      ),
    );
    const hints = { edges: [], direct: false, source: 's' };
    const gpt2 = topologyOfNames(['a9.h9', 'logits'], { ...hints, candidates: 32_491 });
    expect(gpt2).toMatchObject({ layers: 12, heads: 12, parallel: false });
    const pythia = new Topology({ layers: 6, heads: 8, parallel: true });
    expect(topologyOfNames(['a3.h7', 'm5'], { ...hints, candidates: pythia.additionEdges })).toMatchObject({
      layers: 6,
      heads: 8,
      parallel: true,
    });
  });

  it('goes by the names where the number is of no graph', () => {
    const hints = { edges: [], direct: false, source: 's', candidates: 7 };
    expect(topologyOfNames(['a3.h5', 'm4', 'input'], hints)).toMatchObject({ layers: 5, heads: 6, parallel: false });
    expect(topologyOfNames([], { ...hints, candidates: null })).toMatchObject({ layers: 1, heads: 1 });
  });

  it('is used for an empty circuit too', () => {
    const { topology } = sampleCircuit();
    const empty = sampleCircuit({
      kept: EdgeSet.empty(topology),
      provenance: sampleProvenance(),
      untestedRemovals: [],
    });
    expectSameCircuit(readGexf(CIRCUIT_WRITERS.gexf(empty), 'c.gexf'), empty);
  });
});
