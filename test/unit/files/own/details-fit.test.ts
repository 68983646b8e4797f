import { describe, expect, test } from 'vitest';
import type { CircuitDetails } from '../../../../src/circuit/details.js';
import { EdgeSet } from '../../../../src/circuit/edge-set.js';
import { detailsFit } from '../../../../src/files/index.js';
import { sampleCircuit, sampleDirectCircuit, sampleProvenance } from '../../../support/sample-circuit.js';
import { sampleDetails } from '../../../support/sample-details.js';

describe('details and circuit', () => {
  const circuit = sampleCircuit();
  const details = sampleDetails();

  test('fit where weights, task and kept edges agree; a circuit without provenance is known by its edges', () => {
    expect(detailsFit(details, circuit)).toBe(true);
    expect(detailsFit(details, { ...circuit, provenance: null })).toBe(true);
  });

  test('what the edges were measured with counts, not what the circuit was found with', () => {
    const { model, task, prompts, ablation, meanOver, input, metric } = sampleProvenance();
    const effects = new Float64Array(circuit.topology.edgeCount);
    const other = { ...task, hash: 'ee'.repeat(32) };
    const measuredWith = { model, task: other, prompts, ablation, meanOver, input, metric };
    const elsewhere = sampleCircuit({ inCircuit: { effects, idle: [], curve: [], measuredWith } });
    expect(detailsFit(details, elsewhere)).toBe(false);
    expect(detailsFit({ ...details, of: { ...details.of, task: other.hash } }, elsewhere)).toBe(true);
  });

  test.each<[string, CircuitDetails, Parameters<typeof detailsFit>[1]]>([
    [
      'other weights',
      details,
      { ...circuit, provenance: sampleProvenance({ model: { name: '', hash: '', family: '' } }) },
    ],
    ['another task', details, { ...circuit, provenance: sampleProvenance({ task: { name: 'toy', hash: '' } }) }],
    ['fewer edges', details, { ...circuit, kept: EdgeSet.empty(circuit.topology) }],
    ['direct edges decided on', details, sampleDirectCircuit()],
    [
      'as many edges, another one',
      sampleDetails({
        edges: { ...Object.fromEntries(Object.entries(details.edges).slice(1)), 'input->logits': [0, 0] },
      }),
      circuit,
    ],
  ])('do not fit: %s', (_, of, other) => {
    expect(detailsFit(of, other)).toBe(false);
  });
});
