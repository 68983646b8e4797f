/** Effects of edges in random circuits, and their curves, against the literal evaluator in float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { createCircuit, type Circuit } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { ABLATIONS, type Ablation } from '../../src/circuit/run-identity.js';
import { complementOf, curveCircuits } from '../../src/evaluate/curve.js';
import { measureEdges } from '../../src/evaluate/measured-edges.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { loadOracle } from '../oracle/model.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf } from '../support/search-pairs.js';

const device = useDevice();
const TOLERANCE = 1e-5;
const METRIC = 'logit-diff';
const spec = gpt2Spec({ layers: 3, heads: 2, headWidth: 5, mlpWidth: 13, vocab: 31, maxPositions: 9 });

let loaded: LoadedModel;
let model: DeviceModel;
beforeAll(async () => {
  loaded = await randomModel(spec, 11);
  model = await uploadModel(device.gpu, loaded);
});
afterAll(() => model?.weights.dispose());

/** About four of ten edges, so that some lie on no path. */
function randomCircuit(directTested: boolean): Circuit {
  const { topology } = model;
  const rng = randomNumbers(directTested ? 5 : 3);
  const kept = EdgeSet.where(topology, (id) =>
    id < topology.additionEdges ? rng.next() < 0.4 : !directTested || rng.next() < 0.8,
  );
  return createCircuit({
    topology,
    width: spec.width,
    kept,
    effects: new Float64Array(topology.edgeCount).fill(Number.NaN),
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested,
    provenance: null,
  });
}

describe.each(ABLATIONS.flatMap((ablation) => [false, true].map((direct) => [ablation, direct] as const)))(
  '%s, direct edges tested: %s',
  (ablation: Ablation, directTested) => {
    test('agree with the circuit without each edge, evaluated as a whole', { timeout: 120_000 }, async () => {
      const pairs = pairsOf(randomNumbers(2), spec.vocab, EQUAL_PAIRS);
      const circuit = randomCircuit(directTested);
      const measured = await withEvaluator(
        model,
        pairs,
        { ablation, directEdges: directTested, metric: METRIC, circuits: 4 },
        (evaluator) => measureEdges(evaluator, circuit, { ablation, dropIdle: false }),
      );
      const task = oracleTask(await loadOracle(loaded), pairs);
      const cut = oracleAblation(task, ablation);
      const oracle = (kept: EdgeSet): readonly number[] => oracleEvaluate(task, kept, cut)[METRIC];
      const whole = oracle(circuit.kept);
      const { effects, idle, curve } = measured.circuit.inCircuit!;
      const additions = [...circuit.kept].filter((id) => id < circuit.topology.additionEdges);
      expect(Object.keys(measured.inCircuit)).toHaveLength(additions.length);
      for (const id of additions) {
        const expected = oracle(circuit.kept.without(id)).map((value, n) => value - whole[n]!);
        expectClose(
          circuit.topology.edgeName(id),
          measured.inCircuit[circuit.topology.edgeName(id)]!,
          expected,
          TOLERANCE,
          'absolute',
        );
        expectClose('mean', [effects[id]!], [mean(expected)], TOLERANCE, 'absolute');
        if (idle.includes(id)) for (const value of expected) expect(Math.abs(value)).toBeLessThan(1e-12);
      }
      const [full, empty] = [EdgeSet.full(circuit.topology), EdgeSet.empty(circuit.topology)].map((kept) =>
        mean(oracle(kept)),
      );
      const share = (kept: EdgeSet): number => (mean(oracle(kept)) - empty!) / (full! - empty!);
      const circuits = curveCircuits({ kept: circuit.kept, directTested, effects });
      expect(curve.map(({ edges }) => edges)).toEqual(circuits.map(({ edges }) => edges));
      curve.forEach(({ faithfulness, necessity }, i) => {
        const { kept } = circuits[i]!;
        expectClose(
          'curve',
          [faithfulness!, necessity!],
          [share(kept), 1 - share(complementOf(kept))],
          1e-4,
          'absolute',
        );
      });
    });
  },
);
