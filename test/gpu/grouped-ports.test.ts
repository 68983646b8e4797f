/**
 * One key and one value port per key/value head, against ports of every query head, which other tests hold to float64:
 * where all copies of a port keep the same edges, both are the same model to the bit, and a score of an edge into a
 * shared port is the sum of those into its copies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { ABLATIONS } from '../../src/circuit/run-identity.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';
import { acdc } from '../../src/discover/acdc.js';
import { randomModel } from '../../src/model/random-model.js';
import { METRIC_NAMES } from '../../src/readout/metrics.js';
import type { PromptPair } from '../../src/task/types.js';
import { largest, scoresOf } from '../support/attribution.js';
import { uploadModel, withEvaluator, type DeviceModel, type EvaluatorChoice } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf } from '../support/search-pairs.js';

const device = useDevice();

describe.each(['llama', 'qwen3', 'gemma2', 'olmo2'] as const)('%s', { timeout: 300_000 }, (family) => {
  let single: DeviceModel;
  let grouped: DeviceModel;
  let pairs: PromptPair[];

  beforeAll(async () => {
    const spec = smallSpec(family, { layers: 2 });
    single = await uploadModel(device.gpu, await randomModel(spec, 9));
    const { layers, heads } = single.topology;
    grouped = { ...single, topology: new Topology({ layers, heads, parallel: false, kvPorts: spec.kvHeads }) };
    pairs = pairsOf(randomNumbers(12), spec.vocab, EQUAL_PAIRS);
  });
  afterAll(() => single?.weights.dispose());

  /** Per edge of the model with shared ports, those into the copies of its port. */
  const copies = (id: number): number[] => {
    const edge = grouped.topology.edge(id);
    const port = grouped.topology.ports[edge.port]!;
    const into =
      port.kind === 'mlp'
        ? [single.topology.mlpPort(port.layer)]
        : port.kind === 'logits'
          ? [single.topology.logitsPort]
          : grouped.topology.headsOf(edge.port).map((h) => single.topology.headPort(port.layer, port.branch, h));
    return into.map((to) =>
      edge.kind === 'direct' ? single.topology.directEdge(to) : single.topology.additionEdge(edge.writer, to),
    );
  };
  const spread = (circuit: EdgeSet): EdgeSet => EdgeSet.of(single.topology, [...circuit].flatMap(copies));

  test('every edge has its copies, and there are no others', () => {
    const all = [...EdgeSet.full(grouped.topology)].flatMap(copies);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(single.topology.edgeCount);
    expect(grouped.topology.edgeCount).toBeLessThan(single.topology.edgeCount);
  });

  test.each(ABLATIONS)('%s: circuits to the bit, whatever is batched', async (ablation) => {
    const rng = randomNumbers(17);
    const circuits = [0.95, 0.8, 0.5, 0.9, 0.3].map((density) =>
      EdgeSet.where(grouped.topology, (id) => rng.next() < (id < grouped.topology.additionEdges ? density : 0.85)),
    );
    const evaluate = (model: DeviceModel, list: readonly EdgeSet[], choice: EvaluatorChoice) =>
      withEvaluator(model, pairs, { ablation, directEdges: true, ...choice }, (evaluator) =>
        evaluator.evaluate(list, METRIC_NAMES),
      );
    const wanted = await evaluate(single, circuits.map(spread), { whole: true });
    for (const way of [{ whole: true }, { circuits: 2, cutSums: 3, prompts: 2 }, { circuits: 7, cutSums: 50 }]) {
      expect(await evaluate(grouped, circuits, way), JSON.stringify(way)).toEqual(wanted);
    }
  });

  test('a search decides the same with the incremental evaluator as with whole passes', async () => {
    const search = (choice: EvaluatorChoice) =>
      withEvaluator(grouped, pairs, { metric: 'kl', directEdges: true, ...choice }, async (evaluator) => {
        const empty = mean((await evaluator.perPrompt([EdgeSet.empty(grouped.topology)]))[0]!);
        const { steps, kept } = await acdc(evaluator, EdgeSet.full(grouped.topology), {
          threshold: empty / 20,
          absolute: false,
          senderHeads: 'descending',
          directEdges: true,
        });
        return { steps, kept: [...kept] };
      });
    const plain = await search({ whole: true });
    expect(plain.kept.length).toBeLessThan(grouped.topology.edgeCount);
    expect(await search({ circuits: 5, cutSums: 50, prompts: 2 })).toEqual(plain);
  });

  test.each([
    ['eap', {}],
    ['eap-ig-activations', { method: 'eap-ig-activations', steps: 2 }],
    ['relp', { backward: 'relp' }],
    ['gim', { backward: 'gim' }],
  ] as const)('%s: an edge into a shared port scores what its copies do', async (_, options) => {
    const own = await scoresOf(grouped, pairs, options);
    const apart = await scoresOf(single, pairs, options);
    const wanted = [...own.keys()].map((id) => copies(id).reduce((sum, copy) => sum + apart[copy]!, 0));
    expectClose('scores', own, wanted, 1e-5 * largest(wanted));
  });

  test("AtP*'s fix and information flow", async () => {
    // A fix of all heads' patterns at once is the sum of their fixes.
    const fixed = await scoresOf(grouped, pairs, { backward: 'atp-star' });
    const fixedApart = await scoresOf(single, pairs, { backward: 'atp-star' });
    const wanted = [...fixed.keys()].map((id) => copies(id).reduce((sum, copy) => sum + fixedApart[copy]!, 0));
    expectClose('fix', fixed, wanted, 1e-5 * largest(wanted));
    // All ports of a layer's heads have one score.
    const flow = await scoresOf(grouped, pairs, { method: 'information-flow' });
    const flowApart = await scoresOf(single, pairs, { method: 'information-flow' });
    const same = [...flow.keys()].map((id) => flowApart[copies(id)[0]!]!);
    expectClose('flow', flow, same, 1e-6);
  });
});
