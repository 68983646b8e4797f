/** Models without MLPs: against float64, and against the same model with MLPs that give zeros. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTRIBUTION_METHOD_NAMES, BACKWARD_MODES } from '../../src/attribute/methods.js';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { ABLATIONS, INPUT_KINDS } from '../../src/circuit/run-identity.js';
import type { Topology } from '../../src/circuit/topology.js';
import { acdc, type AcdcOptions } from '../../src/discover/acdc.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec } from '../../src/model/random-model.js';
import { layerTensor, MLP_TENSORS } from '../../src/model/weight-table.js';
import { METRIC_NAMES } from '../../src/readout/metrics.js';
import { loadOracle } from '../oracle/model.js';
import {
  attributionOf,
  EVEN,
  everyEdge,
  largest,
  meanOver,
  oraclesOf,
  scoresOf,
  smallModel,
  UNEVEN,
  type SmallModel,
} from '../support/attribution.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { randomNumbers } from '../support/random.js';

const device = useDevice();
const sizes = { layers: 3, mlpWidth: 0 };

/** The same weights, and MLPs of width 1 that add zeros. */
function withSilentMlps({ spec, weights, ...rest }: LoadedModel): LoadedModel {
  const { mlp } = gpt2Spec({ ...spec, mlpWidth: 1 });
  const silent = new Set<string>();
  for (let layer = 0; layer < spec.layers; layer++) {
    for (const tensor of [...MLP_TENSORS, 'norm2.gain', 'norm2.bias'] as const) silent.add(layerTensor(layer, tensor));
  }
  return {
    ...rest,
    spec: { ...spec, mlp, mlpWidth: 1 },
    weights: { read: async (name) => (silent.has(name) ? new Float32Array(spec.width) : weights.read(name)) },
  };
}

let model: SmallModel;
let twin: DeviceModel;
beforeAll(async () => {
  model = await smallModel(device.gpu, sizes);
  twin = await uploadModel(device.gpu, withSilentMlps(model.loaded));
});
afterAll(() => {
  model?.dispose();
  twin?.weights.dispose();
});

/** The edges of the model with MLPs that are kept in the other; edges of MLPs as `mlps` says. */
function asInTwin(kept: EdgeSet, topology: Topology, mlps: boolean): EdgeSet {
  return EdgeSet.where(topology, (id) => {
    const own = kept.topology.edgeId(topology.edgeName(id));
    return own === undefined ? mlps : kept.has(own);
  });
}

const circuits = (topology: Topology, cutDirect: boolean): EdgeSet[] => {
  const random = randomNumbers(8);
  return [0, 0.3, 0.7, 0.95, 1].map((share) =>
    EdgeSet.where(topology, (id) => random.next() < share || (id >= topology.additionEdges && !cutDirect)),
  );
};

test('the topology has no MLPs', () => {
  expect(model.topology.attentionOnly).toBe(true);
  expect(model.topology.writers.map(({ kind }) => kind)).toEqual(['input', ...Array<string>(9).fill('head')]);
});

describe.each(ABLATIONS)('%s ablation', (ablation) => {
  test.each(INPUT_KINDS)('metrics of circuits against float64 and the twin; input %s', async (input) => {
    const task = oracleTask(await loadOracle(model.loaded, input), EVEN);
    const cut = oracleAblation(task, ablation);
    const directEdges = true;
    for (const kept of circuits(model.topology, directEdges)) {
      const choice = { ablation, input, directEdges, circuits: 2, cutSums: 3 };
      const [got] = await withEvaluator(model, EVEN, choice, (evaluator) => evaluator.evaluate([kept], METRIC_NAMES));
      const expected = oracleEvaluate(task, kept, cut);
      for (const mlps of [true, false]) {
        const its = asInTwin(kept, twin.topology, mlps);
        const [same] = await withEvaluator(twin, EVEN, choice, (evaluator) => evaluator.evaluate([its], METRIC_NAMES));
        for (const name of METRIC_NAMES) {
          expectClose(`${name}, twin`, got![name]!, same![name]!, 1e-6, 'relative');
          expectClose(name, got![name]!, expected[name], 1e-5, 'relative');
        }
      }
    }
  });
});

test.each<AcdcOptions>([
  { threshold: 0.0003, absolute: false, senderHeads: 'descending', directEdges: false },
  { threshold: 0.0001, absolute: true, senderHeads: 'ascending', directEdges: true },
])('ACDC decides as the literal evaluator and as in the twin: %j', async (options) => {
  const task = oracleTask(await loadOracle(model.loaded), UNEVEN);
  const cut = oracleAblation(task, 'resample');
  const literal = {
    most: 1,
    perPrompt: async (sets: readonly EdgeSet[]) => sets.map((kept) => oracleEvaluate(task, kept, cut).kl),
  };
  const choice = { directEdges: options.directEdges, circuits: 4, cutSums: 5 };
  const search = (of: DeviceModel) =>
    withEvaluator(of, UNEVEN, choice, (evaluator) => acdc(evaluator, EdgeSet.full(of.topology), options));
  const found = await search(model);
  const wanted = await acdc(literal, EdgeSet.full(model.topology), options);
  const decisions = ({ steps }: typeof found, { edgeName }: Pick<Topology, 'edgeName'>) =>
    steps.map(({ edge, kept }) => `${edgeName(edge)} ${kept}`);
  const names = { edgeName: (id: number) => model.topology.edgeName(id) };
  expect(found.steps.length).toBeGreaterThan(25);
  expect(new Set(found.steps.map(({ kept }) => kept)).size).toBe(2);
  expect(decisions(found, names)).toEqual(decisions(wanted, names));
  const inTwin = decisions(await search(twin), { edgeName: (id) => twin.topology.edgeName(id) });
  expect(inTwin.filter((decision) => !/\bm\d/.test(decision))).toEqual(decisions(found, names));
});

describe('attribution', () => {
  test.each(['logit-diff', 'nll'] as const)('eap against differences in float64; %s', async (metric) => {
    const oracles = await oraclesOf(model.loaded, UNEVEN, { metric });
    const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), [{ weight: 1 }]));
    expect(largest(wanted)).toBeGreaterThan(1e-4);
    expectClose('scores', await scoresOf(model, UNEVEN, { metric }), wanted, 2e-5 * largest(wanted));
  });

  test.each(
    ATTRIBUTION_METHOD_NAMES.flatMap((method) =>
      (method === 'eap' ? BACKWARD_MODES : (['plain'] as const)).map((backward) => ({ method, backward })),
    ),
  )('scores of the twin: $method, $backward', async ({ method, backward }) => {
    const options = { method, ...(backward !== 'plain' && { backward }) };
    const own = await scoresOf(model, UNEVEN, options);
    const its = await scoresOf(twin, UNEVEN, options);
    const same = [...own.keys()].map((id) => its[twin.topology.edgeId(model.topology.edgeName(id))!]!);
    expectClose('scores', own, same, 1e-6 * largest(same));
    expect(mean([...own].map(Math.abs))).toBeGreaterThan(0);
  });

  test.each(['node', 'neuron'] as const)('granularity %s', async (granularity) => {
    const own = await attributionOf(model, UNEVEN, { granularity });
    const its = await attributionOf(twin, UNEVEN, { granularity });
    const writers = model.topology.writers.map((_, writer) => model.topology.writerName(writer));
    const places = new Map(twin.topology.writers.map((_, writer) => [twin.topology.writerName(writer), writer]));
    const [scores, same] = [own.scores, its.scores];
    const size = scores.length / writers.length;
    writers.forEach((name, writer) => {
      const at = places.get(name)! * size;
      const theirs = same.subarray(at, at + size);
      expectClose(name, scores.subarray(writer * size, (writer + 1) * size), theirs, 1e-6 * largest(same));
    });
  });
});
