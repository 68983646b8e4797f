/** What an inspection measures in a circuit, against the literal evaluator in float64 and against `evaluate`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { createCircuit, type Circuit } from '../../src/circuit/circuit.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import { connectedLevels, edgeStrengths, levelEdges, pathStrengths } from '../../src/circuit/connected-levels.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { shapeDifference } from '../../src/circuit/topology-shape.js';
import { pruneDisconnected } from '../../src/circuit/prune.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { openCircuit, parseDetails, writeDetails } from '../../src/files/index.js';
import { Engine } from '../../src/run/engine.js';
import type { EvaluationOptions } from '../../src/run/options.js';
import { builtinTaskFile } from '../../src/task/builtin/index.js';
import { loadTask } from '../../src/task/load-task.js';
import type { Task } from '../../src/task/types.js';
import { loadOracle } from '../oracle/model.js';
import { smallSpec } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf } from '../support/search-pairs.js';
import { openShippedModel } from '../support/shipped-model.js';

const device = useDevice();
const TOLERANCE = 1e-5;
const gpt2 = gpt2Spec({ layers: 2, heads: 3, headWidth: 5, mlpWidth: 13, vocab: 31, maxPositions: 9 });

/** Four of ten edges with effects, some equal, some not finite. */
function randomCircuit(engine: Engine, directTested: boolean): Circuit {
  const { topology } = engine;
  const rng = randomNumbers(directTested ? 5 : 3);
  const kept = EdgeSet.where(topology, (id) =>
    id < topology.additionEdges ? rng.next() < 0.4 : !directTested || rng.next() < 0.8,
  );
  const effects = Float64Array.from({ length: topology.edgeCount }, (_, id) => {
    if (!kept.has(id)) return Number.NaN;
    return id % 17 === 3 ? Infinity : Math.round(8 * rng.normal()) / 8;
  });
  return createCircuit({
    topology,
    width: null,
    kept,
    effects,
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested,
    provenance: null,
  });
}

const CASES = [
  { name: 'gpt2', ablation: 'resample', directTested: false },
  { name: 'gpt2', ablation: 'mean-positional', directTested: true },
  { name: 'llama', ablation: 'resample', directTested: false },
  { name: 'gemma2', ablation: 'zero', directTested: false },
] as const;

describe.each(CASES)('$name, $ablation, direct edges tested: $directTested', ({ name, ablation, directTested }) => {
  const spec = name === 'gpt2' ? gpt2 : smallSpec(name, { layers: 2 });
  const options: EvaluationOptions = { metric: 'logit-diff', ablation, input: 'token' };
  let loaded: LoadedModel;
  let engine: Engine;
  let task: Task;
  let circuit: Circuit;
  let details: CircuitDetails;

  beforeAll(async () => {
    loaded = await randomModel(spec, 11);
    engine = await Engine.create({ device: device.gpu.device, adapter: device.gpu.adapter, model: loaded });
    const pairs = pairsOf(randomNumbers(2), spec.vocab, EQUAL_PAIRS);
    task = { name: 'a task', source: 'a test', hash: 'cd'.repeat(32), pairs, skip: 0, tokenizer: null };
    circuit = randomCircuit(engine, directTested);
    details = await engine.inspect(task, { circuit }, options);
  });
  afterAll(() => engine?.dispose());

  test('nodes are worth what the circuit loses without their edges', async () => {
    const own = oracleTask(await loadOracle(loaded), task.pairs);
    const cut = oracleAblation(own, ablation);
    const { topology, kept } = circuit;
    const whole = oracleEvaluate(own, kept, cut)['logit-diff'];
    expect(Object.keys(details.nodes).length).toBeGreaterThan(5);
    for (const [node, { inCircuit }] of Object.entries(details.nodes)) {
      const without = EdgeSet.where(topology, (id) => kept.has(id) && !topology.edgeName(id).startsWith(`${node}->`));
      const values = oracleEvaluate(own, without, cut)['logit-diff'].map((value, n) => value - whole[n]!);
      expectClose(node, inCircuit!, values, TOLERANCE, 'absolute');
    }
  });

  test('the curve is of the connected circuits, with the bits of `evaluate`', async () => {
    const { kept } = circuit;
    const paths = pathStrengths(kept, edgeStrengths(circuit), directTested);
    const levels = connectedLevels(paths);
    expect(details.curve!.map(({ edges }) => edges)).toEqual(levels.map(({ edges }) => edges));
    expect(levels.length).toBeGreaterThan(2);
    const last = pruneDisconnected(kept, directTested);
    expect(details.curve!.at(-1)!.edges).toBe(directTested ? last.size : last.additionSize);
    for (const [i, { strength }] of levels.entries()) {
      const strongest = levelEdges(kept, paths, strength, directTested);
      const measured = await engine.evaluate(task, { ...circuit, kept: strongest }, options, [
        'faithfulness',
        'metric',
      ]);
      expect(details.curve![i]).toEqual({
        edges: levels[i]!.edges,
        metric: measured.circuit,
        faithfulness: measured.faithfulness,
      });
    }
  });

  test('the curve goes by effects in the circuit where these are told', async () => {
    const measured = await engine.measureEdges(task, circuit, options);
    const sizes = ({ curve }: CircuitDetails): number[] => curve!.map(({ edges }) => edges);
    const wanted = (of: Pick<Circuit, 'effects' | 'inCircuit'>): number[] =>
      connectedLevels(pathStrengths(circuit.kept, edgeStrengths(of), directTested)).map(({ edges }) => edges);
    expect(wanted(measured.circuit)).not.toEqual(wanted(circuit));
    expect(sizes(await engine.inspect(task, measured, options))).toEqual(wanted(measured.circuit));
    expect(sizes(await engine.inspect(task, { circuit: measured.circuit }, options))).toEqual(wanted(circuit));
  });

  test('the details are written and read', () => {
    const text = writeDetails(details);
    expect(writeDetails(parseDetails(text, 'details.json'))).toBe(text);
    expect(details.prompts.map(({ metrics }) => metrics.circuit)).not.toContain(null);
    const means = mean(details.prompts.map(({ metrics }) => metrics.circuit!));
    expect(Number.isFinite(means)).toBe(true);
  });
});

test('the 30 strongest edges of the shipped ioi circuit are as faithful as `evaluate` says', async () => {
  const graphs = fileURLToPath(new URL('../../graphs/tasks-4l.ioi.acdc', import.meta.url));
  const text = (ending: string): string => readFileSync(`${graphs}.${ending}`, 'utf8');
  const { curve } = parseDetails(text('details.json'), 'details.json');
  const { model, context } = await openShippedModel('tasks-4l');
  const task = await loadTask(builtinTaskFile('ioi'), context, { prompts: 32 });
  const engine = await Engine.create({ device: device.gpu.device, adapter: device.gpu.adapter, model });
  try {
    const { circuit } = openCircuit(text('json'), 'circuit.json');
    expect(shapeDifference(circuit.topology, engine.topology)).toBeUndefined();
    const point = curve!.findLast(({ edges }) => edges <= 30)!;
    expect(point.edges).toBeGreaterThan(25);
    const paths = pathStrengths(circuit.kept, edgeStrengths(circuit), circuit.directTested);
    const { strength } = connectedLevels(paths).find(({ edges }) => edges === point.edges)!;
    const kept = EdgeSet.of(engine.topology, levelEdges(circuit.kept, paths, strength, circuit.directTested));
    expect(kept.additionSize).toBe(point.edges);
    const options: EvaluationOptions = { metric: 'kl', ablation: 'resample', input: 'token' };
    const { faithfulness } = await engine.evaluate(task, kept, options, ['faithfulness']);
    // Written with seven digits, maybe on another device.
    expectClose('faithfulness', [point.faithfulness!], [faithfulness!], 1e-5, 'absolute');
  } finally {
    engine.dispose();
  }
});
