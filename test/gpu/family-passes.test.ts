/**
 * Circuits of every family on small random models: against the literal evaluator in float64, with cuts into every kind
 * of port; the incremental evaluator against whole passes to the bit, whatever is batched with what; searches.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ABLATIONS, type Ablation } from '../../src/circuit/run-identity.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import { acdc } from '../../src/discover/acdc.js';
import { mean } from '../../src/base/mean.js';
import type { PromptValues } from '../../src/evaluate/evaluator.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { randomModel } from '../../src/model/random-model.js';
import { METRIC_NAMES } from '../../src/readout/metrics.js';
import type { PromptPair } from '../../src/task/types.js';
import { loadOracle } from '../oracle/model.js';
import { uploadModel, withEvaluator, type DeviceModel, type EvaluatorChoice } from '../support/evaluators.js';
import { SMALL_FAMILIES, smallSpec } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();
const TOLERANCE = 2e-5;

/**
 * Every family has a third of the other ablations' circuits, and half of the searches; all with EDGEWISE_ALL_RUNS=1.
 */
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';

describe.each(SMALL_FAMILIES)('%s', { timeout: 300_000 }, (family) => {
  const offset = SMALL_FAMILIES.indexOf(family);
  let loaded: LoadedModel;
  let model: DeviceModel;
  let unequal: PromptPair[];
  let equal: PromptPair[];

  beforeAll(async () => {
    const spec = smallSpec(family);
    loaded = await randomModel(spec, 40 + offset);
    model = await uploadModel(device.gpu, loaded);
    const rng = randomNumbers(70 + offset);
    unequal = pairsOf(rng, spec.vocab, UNEQUAL_PAIRS);
    equal = pairsOf(rng, spec.vocab, EQUAL_PAIRS);
  });
  afterAll(() => model?.weights.dispose());

  const evaluate = (
    circuits: readonly EdgeSet[],
    ablation: Ablation,
    choice: EvaluatorChoice = {},
  ): Promise<PromptValues[]> => {
    const pairs = ablation === 'mean-positional' ? equal : unequal;
    return withEvaluator(model, pairs, { ablation, directEdges: true, ...choice }, (evaluator) =>
      evaluator.evaluate(circuits, METRIC_NAMES),
    );
  };

  const wanted = ABLATIONS.filter((kind, i) => ALL_RUNS || kind === 'resample' || (offset + i) % 3 === 0);

  test.each(wanted)('%s: circuits against float64', async (ablation) => {
    const pairs = ablation === 'mean-positional' ? equal : unequal;
    const circuits = [...everyKindOfCut(model.topology, offset), ...randomCircuits(model.topology, 3, offset)];
    const task = oracleTask(await loadOracle(loaded), pairs);
    const ablated = oracleAblation(task, ablation);
    const got = await evaluate(circuits, ablation, { circuits: 7, cutSums: 3 });
    circuits.forEach((circuit, c) => {
      const expected = oracleEvaluate(task, circuit, ablated);
      for (const metric of METRIC_NAMES) {
        expectClose(`circuit ${c}, ${metric}`, got[c]![metric]!, expected[metric], TOLERANCE);
      }
    });
  });

  test('how circuits and prompts are batched, and what was computed before, changes no bit', async () => {
    const circuits = randomCircuits(model.topology, 9, offset);
    const whole = await evaluate(circuits, 'resample', { whole: true });
    const ways = [
      { circuits: 1, cutSums: 2 },
      { circuits: 2, cutSums: 1000, prompts: 1 },
      { circuits: 7, prompts: 2 },
      { circuits: 32, cutSums: 5 },
    ];
    for (const way of ways) expect(await evaluate(circuits, 'resample', way), JSON.stringify(way)).toEqual(whole);
  });

  test.each(ALL_RUNS || offset % 2 === 0 ? [family] : [])(
    'a search decides the same with the incremental evaluator as with whole passes',
    async () => {
      const search = (choice: EvaluatorChoice) =>
        withEvaluator(model, unequal, { metric: 'kl', directEdges: true, ...choice }, async (evaluator) => {
          const empty = mean((await evaluator.perPrompt([EdgeSet.empty(model.topology)]))[0]!);
          const result = await acdc(evaluator, EdgeSet.full(model.topology), {
            threshold: empty / 20,
            absolute: false,
            senderHeads: 'descending',
            directEdges: true,
          });
          return { steps: result.steps, kept: [...result.kept], final: result.final };
        });
      const plain = await search({ whole: true });
      expect(plain.kept.length).toBeGreaterThan(0);
      expect(plain.kept.length).toBeLessThan(model.topology.edgeCount);
      expect(await search({ circuits: 7, cutSums: 50, prompts: 2 })).toEqual(plain);
    },
  );
});

/** Circuits that lack one edge, or every edge, into a port of each kind, and one direct edge of each branch. */
function everyKindOfCut(topology: Topology, seed: number): EdgeSet[] {
  const rng = randomNumbers(seed);
  const full = EdgeSet.full(topology);
  const kinds = new Map<string, number[]>();
  topology.ports.forEach((port, p) => {
    if (port.kind !== 'logits' && port.layer === 0) return;
    const kind = port.kind === 'head' ? port.branch : port.kind;
    kinds.set(kind, [...(kinds.get(kind) ?? []), p]);
  });
  return [...kinds.values()].flatMap((ports) => {
    const port = ports[rng.below(ports.length)]!;
    const edges = Array.from({ length: topology.fanIn(port) }, (_, u) => topology.firstEdge(port) + u);
    const isHead = topology.ports[port]!.kind === 'head';
    return [
      full.without(edges[rng.below(edges.length)]!),
      EdgeSet.where(topology, (id) => !edges.includes(id)),
      ...(isHead ? [full.without(topology.directEdge(port))] : []),
    ];
  });
}

function randomCircuits(topology: Topology, count: number, seed: number): EdgeSet[] {
  const rng = randomNumbers(100 + seed);
  return Array.from({ length: count }, (_, i) => {
    const density = [0.9, 0.5, 0.7, 0.97][i % 4]!;
    return EdgeSet.where(topology, (id) => rng.next() < (id < topology.additionEdges ? density : 0.9));
  });
}
