/** What must hold on any model: the plain evaluator on random ones against the literal evaluator and against itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import { METRIC_NAMES, type MetricName } from '../../src/readout/metrics.js';
import { createScratch } from '../../src/pass/pass-frame.js';
import { PatchedPass } from '../../src/pass/patched-pass.js';
import { Arena } from '../../src/gpu/arena.js';
import { Gpu } from '../../src/gpu/gpu.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { layerTensor } from '../../src/model/weight-table.js';
import type { MeanSource } from '../../src/evaluate/mean-ablation.js';
import { ABLATIONS, INPUT_KINDS, type Ablation, type InputKind } from '../../src/circuit/run-identity.js';
import type { PromptValues } from '../../src/evaluate/evaluator.js';
import { uploadPrompts } from '../../src/evaluate/prompt-batch.js';
import type { PromptPair } from '../../src/task/types.js';
import { loadOracle } from '../oracle/model.js';
import {
  allLogits,
  uploadModel,
  withEvaluator,
  type DeviceModel,
  type EvaluatorChoice,
} from '../support/evaluators.js';
import { foldNorms } from '../support/fold-norms.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import {
  oracleAblation,
  oracleEvaluate,
  oracleMetrics,
  oracleTask,
  type OracleTask,
  type OracleValues,
} from '../support/oracle-task.js';
import { randomNumbers, type RandomNumbers } from '../support/random.js';
import { corruptedValues } from '../support/sides.js';

const device = useDevice();
const TOLERANCE = 1e-5;
const BOS = 2;

/** Odd sizes; a residual width that is not heads times head width; each with another activation, tied and not. */
const SPECS: readonly ModelSpec[] = [
  {
    ...gpt2Spec({ layers: 2, heads: 3, headWidth: 5, mlpWidth: 33, vocab: 61, maxPositions: 16 }),
    width: 22,
    bosTokenId: BOS,
  },
  {
    ...gpt2Spec({
      layers: 3,
      heads: 2,
      headWidth: 7,
      mlpWidth: 50,
      vocab: 67,
      maxPositions: 11,
      activation: 'gelu',
      tied: false,
    }),
    bosTokenId: BOS,
  },
];

/** Prompts of these lengths with answers of one to four ids, measured anywhere. */
function randomPairs(rng: RandomNumbers, vocab: number, lengths: readonly number[]): PromptPair[] {
  return lengths.map((length, n) => {
    const clean = rng.ids(length, vocab);
    if (n % 2 === 0) clean[0] = BOS;
    const ids = rng.sample(
      Array.from({ length: vocab }, (_, id) => id),
      8,
    );
    return {
      clean,
      corrupted: clean.map((id) => (rng.below(3) > 0 ? id : rng.below(vocab))),
      position: rng.below(length),
      correct: ids.slice(0, 1 + (n % 4)),
      wrong: ids.slice(4, 8 - (n % 3)),
    };
  });
}

/** Edges kept with this probability; direct edges only cut where asked. */
function randomCircuit(rng: RandomNumbers, topology: Topology, probability: number, cutDirect = false): EdgeSet {
  return EdgeSet.where(topology, (id) => rng.next() < probability || (id >= topology.additionEdges && !cutDirect));
}

function expectValues(
  what: string,
  got: PromptValues,
  expected: OracleValues,
  metrics: readonly MetricName[] = METRIC_NAMES,
): void {
  for (const name of metrics) expectClose(`${what}, ${name}`, got[name]!, expected[name], TOLERANCE, 'relative');
}

describe.each(SPECS)('$layers layers, $heads heads, width $width', (spec) => {
  const rng = randomNumbers(spec.width);
  const lengths = [5, 9, 1, 7, 3];
  let loaded: LoadedModel;
  let model: DeviceModel;
  let pairs: PromptPair[];
  let topology: Topology;
  const tasks = new Map<InputKind, OracleTask>();

  beforeAll(async () => {
    loaded = await randomModel(spec, spec.width);
    model = await uploadModel(device.gpu, loaded);
    topology = model.topology;
    pairs = randomPairs(rng, spec.vocab, lengths);
    for (const input of INPUT_KINDS) tasks.set(input, oracleTask(await loadOracle(loaded, input), pairs));
  });
  afterAll(() => model?.weights.dispose());

  const evaluate = (circuits: readonly EdgeSet[], choice: EvaluatorChoice = {}): Promise<PromptValues[]> =>
    withEvaluator(model, pairs, { directEdges: true, ...choice }, (evaluator) =>
      evaluator.evaluate(circuits, METRIC_NAMES),
    );

  test('logits of the untouched model', async () => {
    for (const side of ['clean', 'corrupted'] as const) {
      const logits = await allLogits(model, pairs, side);
      tasks.get('token')![side].forEach((pass, n) => {
        expectClose(`${side} logits of prompt ${n}`, logits[n]!, pass.logits, TOLERANCE, 'relative');
      });
    }
  });

  test('all kept is the clean run, none kept the corrupted run, bit by bit', async () => {
    const choice = { directEdges: true, circuits: 2 };
    await withEvaluator(model, pairs, choice, async (evaluator) => {
      const none = EdgeSet.of(topology, []);
      const [all, empty] = await evaluator.evaluate([EdgeSet.full(topology), none], METRIC_NAMES);
      const corrupted = await corruptedValues(model, pairs, METRIC_NAMES);
      const task = tasks.get('token')!;
      expect(all!.kl).toEqual(pairs.map(() => 0));
      expectValues('all kept', all!, oracleMetrics(task, task.clean));
      expect(empty).toEqual(corrupted);
      expectValues('none kept', empty!, oracleMetrics(task, task.corrupted));
    });
  });

  describe.each(INPUT_KINDS)('input %s', (input) => {
    const others = randomPairs(randomNumbers(77), spec.vocab, [10, 4, 2, 6, 1, 8, 8]);
    test.each<{ name: string; ablation: Ablation; source?: () => MeanSource }>([
      { name: 'resample', ablation: 'resample' },
      { name: 'zero', ablation: 'zero' },
      { name: 'mean', ablation: 'mean' },
      { name: 'mean of the corrupted prompts', ablation: 'mean', source: () => ({ pairs, side: 'corrupted' }) },
      { name: 'mean of other prompts', ablation: 'mean', source: () => ({ pairs: others, side: 'clean' }) },
    ])('every metric of random circuits, with and without cut direct edges: $name', async ({ ablation, source }) => {
      const task = tasks.get(input)!;
      const meanSource = source?.();
      const cut = oracleAblation(task, ablation, meanSource);
      const circuits = [
        EdgeSet.empty(topology),
        EdgeSet.of(topology, []),
        ...[0.2, 0.5, 0.8, 0.95].flatMap((p) => [
          randomCircuit(rng, topology, p),
          randomCircuit(rng, topology, p, true),
        ]),
      ];
      const choice = { ablation, input, circuits: 4, prompts: 3, ...(meanSource && { meanSource }) };
      const values = await evaluate(circuits, choice);
      circuits.forEach((circuit, i) => expectValues(`circuit ${i}`, values[i]!, oracleEvaluate(task, circuit, cut)));
    });
  });

  test('where the positions belong changes nothing under resample ablation', async () => {
    const circuits = [randomCircuit(rng, topology, 0.5, true)];
    const [token] = await evaluate(circuits, { input: 'token' });
    const [sum] = await evaluate(circuits, { input: 'token+position' });
    for (const name of METRIC_NAMES) expectClose(name, sum![name]!, token![name]!, TOLERANCE, 'relative');
  });

  test('cutting what a dead node reads changes no bit', async () => {
    const head = topology.headWriter(0, 1);
    const mlp = topology.mlpWriter(spec.layers - 1);
    const start = randomCircuit(rng, topology, 0.8);
    const unread = EdgeSet.where(topology, (id) => {
      const edge = topology.edge(id);
      return start.has(id) && !(edge.kind === 'addition' && (edge.writer === head || edge.writer === mlp));
    });
    const deadPorts = (['q', 'k', 'v'] as const).map((branch) => topology.headPort(0, branch, 1));
    const inputsCut = EdgeSet.where(topology, (id) => {
      const { port } = topology.edge(id);
      return unread.has(id) && !deadPorts.includes(port) && port !== topology.mlpPort(spec.layers - 1);
    });
    expect(inputsCut.size).toBeLessThan(unread.size);
    for (const ablation of ['resample', 'zero', 'mean'] as const) {
      const [before, after] = await evaluate([unread, inputsCut], { ablation });
      expect(after).toEqual(before);
    }
  });

  test('a cut direct edge makes its port dead: cutting its inputs as well changes no bit', async () => {
    const port = topology.headPort(1, 'k', 0);
    const direct = randomCircuit(rng, topology, 0.9).without(topology.directEdge(port));
    const inputsCut = EdgeSet.where(topology, (id) => {
      const edge = topology.edge(id);
      return direct.has(id) && !(edge.kind === 'addition' && edge.port === port);
    });
    for (const ablation of ['resample', 'zero', 'mean'] as const) {
      const [before, after] = await evaluate([direct, inputsCut], { ablation });
      expect(after).toEqual(before);
    }
  });

  test('under zero ablation a fully cut port is exactly its constant', async () => {
    const shape = { prompts: pairs.length, sequence: Math.max(...lengths), circuits: 1, cutSums: 0 };
    const width = 4 * model.weights.layout.width4;
    const bias = new Float64Array(spec.width);
    for (let l = 0; l < spec.layers; l++) {
      (await loaded.weights.read(layerTensor(l, 'bo'))).forEach((value, i) => (bias[i]! += value));
    }
    const positions = await loaded.weights.read('positions');
    for (const input of INPUT_KINDS) {
      const arena = new Arena(device.gpu);
      const scratch = createScratch(arena, model.weights, topology, shape, input);
      const pass = await PatchedPass.create(scratch);
      try {
        const [batch] = uploadPrompts(arena, model.weights, topology, shape, pairs, {
          directEdges: false,
          resample: false,
        });
        const bound = await pass.bind(arena, batch!.clean);
        const recording = device.gpu.record();
        pass.encode(recording, bound, [EdgeSet.empty(topology)]);
        recording.submit();
        const inputs = new Float32Array(await device.gpu.read(pass.tensors.inputs));
        pairs.forEach(({ position }, n) => {
          const own = input === 'token' ? positions.subarray(position * spec.width, (position + 1) * spec.width) : null;
          const constant = Float32Array.from({ length: width }, (_, i) => {
            return i < spec.width ? Math.fround(bias[i]!) + (own?.[i] ?? 0) : 0;
          });
          expectSame(`logits input of prompt ${n}`, inputs.subarray(n * width, (n + 1) * width), constant);
        });
      } finally {
        pass.dispose();
        arena.dispose();
      }
    }
  });

  test('an evaluator gives the same bits whatever it evaluated before', async () => {
    const circuits: EdgeSet[] = [];
    for (let i = 0; i < 6; i++) {
      const circuit = randomCircuit(rng, topology, 0.7, i % 2 === 0);
      // Neighbours that agree up to some layer, in both directions, and the same one again.
      const late = topology.additionEdge(topology.mlpWriter(0), topology.logitsPort);
      const middle = topology.additionEdge(topology.headWriter(0, 0), topology.mlpPort(1));
      circuits.push(
        circuit,
        circuit.without(late),
        circuit.with(late),
        circuit.without(middle),
        circuit.without(middle),
        circuit,
      );
      circuits.push(circuit.without(topology.directEdge(topology.headPort(1, 'v', 1))), circuit);
    }
    for (const choice of [
      {},
      { ablation: 'mean', circuits: 3 },
      { ablation: 'zero', circuits: 2, prompts: 2 },
    ] as const) {
      const inOneGo = await evaluate(circuits, choice);
      await withEvaluator(model, pairs, { directEdges: true, ...choice, circuits: 1 }, async (evaluator) => {
        for (const [i, circuit] of [...circuits.entries()].reverse()) {
          const [alone] = await evaluator.evaluate([circuit], METRIC_NAMES);
          expect(alone, `circuit ${i}`).toEqual(inOneGo[i]);
        }
      });
      const [fresh] = await evaluate([circuits[9]!], choice);
      expect(fresh).toEqual(inOneGo[9]);
    }
  });

  test('folding and centring the weights leaves resample-patched metrics unchanged', async () => {
    const folded = await uploadModel(device.gpu, await foldNorms(loaded));
    const circuits = [1, 0.9, 0.5, 0.1, 0].map((p) => randomCircuit(rng, topology, p, true));
    const metrics = ['kl', 'logit-diff', 'prob-diff', 'nll'] as const;
    try {
      const plain = await evaluate(circuits, { circuits: 5 });
      const other = await withEvaluator(folded, pairs, { directEdges: true, circuits: 5 }, (evaluator) =>
        evaluator.evaluate(
          circuits.map((circuit) => EdgeSet.of(folded.topology, circuit)),
          metrics,
        ),
      );
      circuits.forEach((_, i) => {
        for (const name of metrics)
          expectClose(`circuit ${i}, ${name}`, other[i]![name]!, plain[i]![name]!, TOLERANCE, 'relative');
      });
    } finally {
      folded.weights.dispose();
    }
  });
});

describe('means per position', () => {
  const [spec] = SPECS as [ModelSpec];
  const rng = randomNumbers(21);
  let loaded: LoadedModel;
  let model: DeviceModel;
  beforeAll(async () => {
    loaded = await randomModel(spec, 21);
    model = await uploadModel(device.gpu, loaded);
  });
  afterAll(() => model?.weights.dispose());

  test.each(INPUT_KINDS)('input %s', async (input) => {
    const pairs = randomPairs(rng, spec.vocab, [6, 6, 6, 6]);
    const others = randomPairs(rng, spec.vocab, [6, 6, 6, 6, 6, 6, 6]);
    const task = oracleTask(await loadOracle(loaded, input), pairs);
    const circuits = [0, 0.5, 0.9].flatMap((p) =>
      [0, 1].map((cut) => randomCircuit(rng, model.topology, p, cut === 1)),
    );
    const ablation = 'mean-positional';
    for (const meanSource of [undefined, { pairs, side: 'corrupted' }, { pairs: others, side: 'clean' }] as const) {
      const cut = oracleAblation(task, ablation, meanSource);
      const choice = {
        ablation,
        input,
        directEdges: true,
        circuits: 6,
        prompts: 3,
        ...(meanSource && { meanSource }),
      } as const;
      const values = await withEvaluator(model, pairs, choice, (evaluator) =>
        evaluator.evaluate(circuits, METRIC_NAMES),
      );
      circuits.forEach((circuit, i) => expectValues(`circuit ${i}`, values[i]!, oracleEvaluate(task, circuit, cut)));
    }
  });

  test('prompts of unequal lengths are refused, in the task and in the source of the means', async () => {
    const equal = randomPairs(rng, spec.vocab, [6, 6]);
    const odd = { ...randomPairs(rng, spec.vocab, [5])[0]!, origin: 'mine.jsonl, line 3' };
    const refusal = 'mine.jsonl, line 3: mean-positional ablation needs prompts of equal length, got 6 and 5 tokens';
    const create = (pairs: readonly PromptPair[], choice: EvaluatorChoice): Promise<void> =>
      withEvaluator(model, pairs, { ablation: 'mean-positional', ...choice }, () => Promise.resolve());
    await expect(create([...equal, odd], {})).rejects.toThrow(refusal);
    await expect(create(equal, { meanSource: { pairs: [odd], side: 'clean' } })).rejects.toThrow(refusal);
    await expect(create([...equal, odd], { ablation: 'mean' })).resolves.toBeUndefined();
  });
});

test('a model whose every matrix is in several pieces gives the same bits', async () => {
  // More than 128 columns in each, and bindings as if they ended at one panel of the largest.
  const sizes = { layers: 1, heads: 11, headWidth: 12, mlpWidth: 135, vocab: 301, maxPositions: 9 };
  const loaded = await randomModel(gpt2Spec(sizes), 5);
  const limited = new Gpu(device.gpu.device, device.gpu.adapter, { bindingLimit: 136 * 128 * 4 });
  const [whole, pieces] = [await uploadModel(device.gpu, loaded), await uploadModel(limited, loaded)];
  try {
    const layers = (of: DeviceModel): number[] =>
      [
        of.weights.embed,
        of.weights.unembed,
        ...of.weights.layers.flatMap((l) => [l.qkv, l.attentionOut, l.mlp!.in, l.mlp!.out]),
      ].map((matrix) => matrix.chunks.length);
    expect(layers(whole)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(Math.min(...layers(pieces))).toBeGreaterThan(1);
    const rng = randomNumbers(5);
    const pairs = randomPairs(rng, sizes.vocab, [4, 9, 6]);
    const circuits = [
      EdgeSet.full(whole.topology),
      ...[0.9, 0.5].map((p) => randomCircuit(rng, whole.topology, p, true)),
    ];
    // The activations keep this adapter's real limit.
    const split = { topology: whole.topology, weights: { ...pieces.weights, gpu: device.gpu } };
    for (const ablation of ABLATIONS) {
      const options = { ablation, directEdges: true, circuits: 2, prompts: 2 };
      const own = ablation === 'mean-positional' ? pairs.slice(1, 2) : pairs;
      const [a, b] = [
        await withEvaluator(whole, own, options, (evaluator) => evaluator.evaluate(circuits, METRIC_NAMES)),
        await withEvaluator(split, own, options, (evaluator) => evaluator.evaluate(circuits, METRIC_NAMES)),
      ];
      expect(b).toEqual(a);
    }
    const logits = await allLogits(split, pairs, 'clean');
    expect(logits).toEqual(await allLogits(whole, pairs, 'clean'));
    const oracle = oracleTask(await loadOracle(loaded), pairs);
    oracle.clean.forEach((pass, n) =>
      expectClose(`logits of prompt ${n}`, logits[n]!, pass.logits, TOLERANCE, 'relative'),
    );
  } finally {
    whole.weights.dispose();
    pieces.weights.dispose();
  }
  expect(limited.liveBytes).toBe(0);
});
