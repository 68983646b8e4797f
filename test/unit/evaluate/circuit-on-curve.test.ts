/** Circuits on a curve: those that made it, and refusals where a file says something else. */
import { expect, test } from 'vitest';
import { keptEdges } from '../../../src/circuit/circuit.js';
import type { InCircuit } from '../../../src/circuit/in-circuit.js';
import { circuitOnCurve } from '../../../src/evaluate/circuit-on-curve.js';
import { curveCircuits } from '../../../src/evaluate/curve.js';
import { openCircuit, writeCircuitJson } from '../../../src/files/index.js';
import { SAMPLE_TOPOLOGY as topology, sampleCircuit } from '../../support/sample-circuit.js';

/** The sample with effects in the circuit that go otherwise than those at the decision, and their curve. */
function measured(changes: Partial<InCircuit> = {}): ReturnType<typeof sampleCircuit> {
  const sample = sampleCircuit();
  const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
  [...sample.kept].filter((id) => id < topology.additionEdges).forEach((id, i) => (effects[id] = (i - 3) / 7));
  const curve = curveCircuits({ ...sample, effects }).map(({ edges }) => ({
    edges,
    faithfulness: edges / 8,
    necessity: null,
  }));
  return sampleCircuit({ inCircuit: { effects, idle: [], curve, ...changes } });
}

test('the largest point of at most so many edges, also out of the file', () => {
  const circuit = measured();
  const { curve, effects } = circuit.inCircuit!;
  expect(curve.map(({ edges }) => edges)).toEqual([3, 4, 5]);
  const { circuit: read } = openCircuit(writeCircuitJson(circuit), 'f');
  const circuits = curveCircuits({ ...circuit, effects });
  for (const [most, size] of [
    [3, 3],
    [4, 4],
    [5, 5],
    [1e9, 5],
  ] as const) {
    for (const from of [circuit, read]) {
      const { circuit: chosen, point } = circuitOnCurve(from, { edges: most }, 'f');
      expect(point).toEqual({ edges: size, faithfulness: size / 8, necessity: null });
      expect([...chosen.kept]).toEqual([...circuits.find(({ edges }) => edges === size)!.kept]);
      expect(keptEdges(chosen)).toBe(size);
      expect(chosen.inCircuit).toBeUndefined();
      expect(chosen.provenance).toMatchObject({ faithfulness: null, metrics: { final: null }, minMargin: null });
      expect(chosen.provenance!.selection).toEqual({
        rule: 'circuit',
        limit: most,
        absolute: true,
        pruned: true,
        chosen: size,
      });
      const again = openCircuit(writeCircuitJson(chosen), 'f').circuit;
      expect([...again.kept]).toEqual([...chosen.kept]);
      expect(again.provenance).toEqual(chosen.provenance);
    }
  }
});

test('the smallest point that is as faithful as asked', () => {
  for (const [faithfulness, size] of [
    [0.01, 3],
    [3 / 8, 3],
    [0.4, 4],
    [5 / 8, 5],
  ] as const) {
    const { circuit, point } = circuitOnCurve(measured(), { faithfulness }, 'f');
    expect(point.edges).toBe(size);
    expect(keptEdges(circuit)).toBe(size);
    expect(circuit.provenance!.selection).toMatchObject({ rule: 'circuit', limit: size, chosen: size, faithfulness });
    expect(openCircuit(writeCircuitJson(circuit), 'f').circuit.provenance).toEqual(circuit.provenance);
  }
  const refusal = (of: ReturnType<typeof measured>) => () => circuitOnCurve(of, { faithfulness: 0.7 }, 'f');
  expect(refusal(measured())).toThrow(
    'faithfulness:0.7: no circuit on the curve has so much faithfulness: the largest is 0.625',
  );
  const undefinedAt = [{ edges: 3, faithfulness: null, necessity: null }];
  expect(refusal(measured({ curve: undefinedAt }))).toThrow('none is defined');
});

test('of a circuit of another program the choice is kept with the import', () => {
  const { circuit } = circuitOnCurve({ ...measured(), provenance: null }, { edges: 4 }, 'f');
  expect(circuit.imported).toMatchObject({ positive: null, selection: { rule: 'circuit', chosen: 4 } });
});

test.each<[string, ReturnType<typeof measured>, number, RegExp]>([
  ['nothing measured', sampleCircuit(), 4, /f: holds nothing of what its edges .* edgewise inspect measures it/],
  ['no curve', measured({ curve: [] }), 4, /f: holds no curve; edgewise inspect measures it/],
  ['fewer edges than the smallest', measured(), 2, /circuit:2: the smallest circuit on the curve has 3 edges/],
  [
    'a curve that its effects do not make',
    measured({ curve: [{ edges: 2, faithfulness: 1, necessity: 1 }] }),
    2,
    /f: its curve has a point of 2 edges, which its in_circuit does not make; edgewise inspect measures it anew/,
  ],
])('refused: %s', (_, circuit, most, message) => {
  expect(() => circuitOnCurve(circuit, { edges: most }, 'f')).toThrow(message);
});
