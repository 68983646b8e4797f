import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import { CIRCUIT_WRITERS, INPUT_FORMATS, choosesEdges, openImport } from '../../../src/files/index.js';
import { additionNames } from '../../support/circuit-files.js';
import { SAMPLE_TOPOLOGY as toy, sampleCircuit } from '../../support/sample-circuit.js';

describe('openImport', () => {
  const model = { topology: toy, width: 16 };

  it.each([
    ['eap-ig', CIRCUIT_WRITERS['eap-ig'](sampleCircuit())],
    ['json', CIRCUIT_WRITERS.json(sampleCircuit())],
    ['edge-pruning', CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())],
    ['node-link', CIRCUIT_WRITERS['node-link'](sampleCircuit())],
  ] as const)('is told by its content: %s', (format, text) => {
    const read = openImport(`\ufeff${text}`, 'f.json', { model });
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
      expect(choosesEdges(openImport(text, 'f.json', { model }))).toBe(false);
  });

  it('never fails but with one line that names the file', () => {
    const member = fc.constantFrom('edges', 'links', 'nodes', 'cfg', 'edgewise', 'graph');
    fc.assert(
      fc.property(
        fc.dictionary(member, fc.jsonValue()),
        fc.constantFrom('auto' as const, ...INPUT_FORMATS),
        (json, format) => {
          try {
            openImport(JSON.stringify(json), 'f.json', { format, model });
          } catch (error) {
            expect(error).toBeInstanceOf(EdgewiseError);
            expect(String(error)).toMatch(/f\.json(, line \d+)?: [^\n\u001b]+$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
