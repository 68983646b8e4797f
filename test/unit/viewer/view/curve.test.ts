import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { keptEdges } from '../../../../src/circuit/circuit.js';
import { connectedLevels, edgeStrengths, pathStrengths } from '../../../../src/circuit/connected-levels.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import type { CircuitDocument } from '../../../../viewer/data/document.js';
import { measuredCurve, shownFaithfulness, smallestWith } from '../../../../viewer/view/curve.js';
import { measureDrawn } from '../../../../viewer/view/measure-words.js';
import { select } from '../../../../viewer/view/selection.js';
import type { ViewState } from '../../../../viewer/view/view-state.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { unmeasuredDetails } from '../../../support/sample-details.js';
import { ids, sourceFile, view, openCircuitDocument } from '../../../support/viewer.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const SHIPPED = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));

function shipped(name: string): CircuitDocument {
  return openCircuitDocument(sourceFile(name, readFileSync(GRAPHS + name, 'utf8')));
}

function shownIn(document: CircuitDocument, changes: Partial<ViewState> = {}) {
  const state = view(changes);
  const measure = measureDrawn(state, document.circuit);
  const data = toCircuitData(document.circuit, 'as-stated', true, measure);
  return shownFaithfulness(document, data, select(data, state), state, measure);
}

/** The sample with a curve: its levels have 4 and 5 edges, and 7 edges are kept. */
const sample: CircuitDocument = {
  ...openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(sampleCircuit()))),
  details: unmeasuredDetails({
    curve: [
      { edges: 4, metric: 1, faithfulness: 0.5 },
      { edges: 5, metric: 0.5, faithfulness: 0.7 },
    ],
  }),
};

describe('measuredCurve', () => {
  it('has the sizes that were measured, and the whole circuit', () => {
    expect(measuredCurve(sample)).toEqual([
      { edges: 4, faithfulness: 0.5 },
      { edges: 5, faithfulness: 0.7 },
      { edges: 7, faithfulness: 0.875 },
    ]);
    expect(measuredCurve({ ...sample, details: null })).toEqual([{ edges: 7, faithfulness: 0.875 }]);
    const foreign = openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(sampleCircuit({ provenance: null }))));
    expect(measuredCurve(foreign)).toEqual([]);
  });

  it('tells the smallest circuit that restores so much', () => {
    const curve = measuredCurve(sample);
    expect([0.2, 0.5, 0.6, 0.9].map((least) => smallestWith(curve, least)?.edges ?? null)).toEqual([4, 4, 5, null]);
  });

  it.each(SHIPPED)('is that of connected circuits as the page chooses them: %s', (name) => {
    const document = shipped(name);
    const { circuit } = document;
    const curve = measuredCurve(document);
    expect(curve.length).toBeGreaterThan(3);
    const paths = pathStrengths(circuit.kept, edgeStrengths(circuit), circuit.directTested);
    const sizes = [...connectedLevels(paths).map(({ edges }) => edges), keptEdges(circuit)];
    const shown = new Map(sizes.map((size) => [size, shownIn(document, { limit: size })]));
    let known = 0;
    for (const { edges, faithfulness } of curve) {
      if (!shown.has(edges)) continue;
      expect(shown.get(edges)).toEqual({ value: faithfulness, edges });
      known++;
    }
    expect(known).toBeGreaterThan(3);
    expect(shownIn(document)).toEqual({ value: circuit.provenance!.faithfulness, edges: keptEdges(circuit) });
  });
});

describe('shownFaithfulness', () => {
  it('is that of the connected circuit, whatever the filters hide of it', () => {
    expect(shownIn(sample, { limit: 4 })).toEqual({ value: 0.5, edges: 4 });
    expect(shownIn(sample, { limit: 6, layers: [1, 1] })).toEqual({ value: 0.7, edges: 5 });
    expect(shownIn(sample)).toEqual({ value: 0.875, edges: 7 });
  });

  it('is known of other limits where they show the same edges', () => {
    const data = toCircuitData(sample.circuit, 'as-stated');
    const top = view({ limitBy: 'top', limit: 5, onPaths: true });
    expect(ids(select(data, top).edges).length).toBe(4);
    expect(shownIn(sample, { limitBy: 'top', limit: 5, onPaths: true })).toEqual({ value: 0.5, edges: 4 });
    expect(shownIn(sample, { limitBy: 'top', limit: 7 })).toEqual({ value: 0.875, edges: 7 });
    // The five strongest edges are no connected circuit, though one of five edges is measured.
    expect(shownIn(sample, { limitBy: 'top', limit: 5 })).toMatchObject({ value: null });
    expect(
      shownIn(sample, { limitBy: 'top', limit: 7, ports: { q: false, k: true, v: true, out: true } }),
    ).toMatchObject({ value: null });
  });

  it('says why it is not known', () => {
    const why = (changes: Partial<ViewState>) => shownIn(sample, changes);
    expect(why({ scope: 'all', limit: 4 })).toEqual({ value: null, why: 'measured of kept edges alone' });
    expect(why({ drawnBy: 'share', limit: 4 })).toMatchObject({ value: null, why: expect.stringContaining('chosen') });
    expect(why({ limitBy: 'top', limit: 2 })).toMatchObject({ why: 'measured of connected circuits alone' });
    // Details that tell no effects in the circuit have a curve of the other circuits.
    const measured = { ...sample.details!, inCircuit: { 'm1->logits': [0.5] } };
    expect(shownIn({ ...sample, details: measured }, { limit: 4 })).toMatchObject({ value: null });
    const other = { ...sample, details: unmeasuredDetails({ curve: [] }) };
    expect(shownIn(other, { limit: 4 })).toMatchObject({ why: 'not measured at this size' });
    const data = toCircuitData(sample.circuit, 'as-stated');
    expect(shownFaithfulness(sample, null, select(data, view()), view(), 'decided').value).toBeNull();
    const foreign = openCircuitDocument(sourceFile('x', CIRCUIT_WRITERS.json(sampleCircuit({ provenance: null }))));
    expect(shownIn(foreign)).toMatchObject({ why: expect.stringContaining('inspect') });
  });
});
