import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { withSavedView } from '../../../../viewer/data/save-view.js';
import type { SavedView } from '../../../../viewer/data/saved-view.js';
import { anyText } from '../../../support/any-text.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const mib = sharedFixtures === undefined ? '' : `${sharedFixtures}mib/ioi-eap-ig.json`;

const view: SavedView = {
  layout: 'figure',
  mergePorts: true,
  pinned: ['a1.h0'],
  groups: [{ name: 'two "quoted" {heads}', members: ['a1.h0', 'a1.h1'] }],
  notes: { m0: '</script>\n\\' },
  positions: { grid: { m0: [1.5, -2] } },
  sign: 'negative-helps',
};

/** Saves the view into the text and opens the result. */
function saved(text: string, some: SavedView): { text: string; view: SavedView | null; warnings: readonly string[] } {
  const result = withSavedView(openCircuitDocument(sourceFile('c.json', text)), some);
  expect(result.name).toBe('c.json');
  const { savedView, warnings } = openCircuitDocument(sourceFile('c.json', result.text));
  return { text: result.text, view: savedView, warnings };
}

describe('withSavedView', () => {
  it.each([
    ['ours', CIRCUIT_WRITERS.json(sampleDirectCircuit())],
    ['without provenance', CIRCUIT_WRITERS.json(sampleCircuit({ provenance: null }))],
    ['of EAP-IG', '{"cfg": {"n_layers": 1, "n_heads": 1}, "x": NaN, "edges": {"m0->logits": {"in_graph": true}}}'],
    ['with little in it', '{"edgewise": {}, "cfg": {"n_layers":1,"n_heads":1},"edges": { } }'],
    [
      'with traps',
      '{"x": "\\"edgewise\\": {", "y": {"edgewise": {"view": 1}}, "edges": {}, "cfg": {"n_layers":1,"n_heads":1}, "view": 2}\n',
    ],
  ])('puts the view into a file %s, and nothing else', (_, text) => {
    const first = saved(text, view);
    expect(first.view).toEqual(view);
    expect(first.warnings).toEqual([]);
    const before = openCircuitDocument(sourceFile('c.json', text)).circuit;
    const after = openCircuitDocument(sourceFile('c.json', first.text)).circuit;
    expect([...after.kept]).toEqual([...before.kept]);
    expect(after.effects).toEqual(before.effects);
    expect(after.provenance).toEqual(before.provenance);
    // Every line is still there. A second view replaces the first.
    const lines = new Set(first.text.split('\n').map((line) => line.replace(/,$/, '')));
    if (text.includes('\n"')) for (const line of text.split('\n')) expect(lines).toContain(line.replace(/,$/, ''));
    expect(saved(first.text, view).text).toBe(first.text);
    const empty = saved(first.text, {});
    expect(empty.view).toEqual({});
    expect(empty.text.length).toBeLessThan(first.text.length);
    expect(saved(empty.text, view).text).toBe(first.text);
  });

  it('writes one entry a line, and keys as the rest of the file', () => {
    const { text } = saved(CIRCUIT_WRITERS.json(sampleCircuit()), view);
    expect(text.split('\n')).toEqual(
      expect.arrayContaining(['"view": {', '"layout": "figure",', '"merge_ports": true,', '"pinned": ["a1.h0"],']),
    );
    expect(text.endsWith('"sign": "negative-helps"\n}\n}\n}\n')).toBe(true);
  });

  it('makes a circuit.json of a GEXF file', () => {
    const document = openCircuitDocument(sourceFile('c.GEXF', CIRCUIT_WRITERS.gexf(sampleCircuit())));
    const result = withSavedView(document, view);
    expect(result.name).toBe('c.json');
    const again = openCircuitDocument(sourceFile(result.name, result.text));
    expect(again).toMatchObject({ format: 'edgewise', savedView: view });
    expect([...again.circuit.kept]).toEqual([...document.circuit.kept]);
    const edges = Object.values((JSON.parse(result.text) as { edges: Record<string, { score: unknown }> }).edges);
    expect(edges.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('brings any note and any name back', () => {
    const key = anyText.filter((text) => text !== '' && text !== '__proto__');
    fc.assert(
      fc.property(key, key, key, (name, member, note) => {
        const some: SavedView = { notes: { [name]: note }, pinned: [member], groups: [] };
        expect(saved(CIRCUIT_WRITERS.json(sampleCircuit()), some).view).toEqual(some);
      }),
      { numRuns: 50 },
    );
  });

  it.skipIf(!existsSync(mib))('leaves every character of a published file as it is', () => {
    const text = readFileSync(mib, 'utf8');
    const result = saved(text, view).text;
    const end = text.trimEnd().slice(0, -1).trimEnd();
    expect(result.startsWith(end)).toBe(true);
    const { edgewise, ...rest } = JSON.parse(result) as Record<string, unknown>;
    expect(Object.keys(edgewise as object)).toEqual(['schema_version', 'view']);
    expect(rest).toEqual(JSON.parse(text));
  });
});
