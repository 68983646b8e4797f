/**
 * Attribution on the device against central differences of the metric in float64, edge by edge, writer by writer: all
 * methods, metrics and ablations, on random models whose every width is padded and prompts of different lengths.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activation } from '../../src/model/spec.js';
import type { AttributionOptions } from '../../src/attribute/options.js';
import { writerGroups } from '../../src/block/groups.js';
import type { OraclePoint } from '../oracle/attribution.js';
import { Gpu } from '../../src/gpu/gpu.js';
import { openDevice } from '../../src/node/device.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import {
  attributionOf,
  budgetOf,
  plannedBytes,
  EVEN,
  everyEdge,
  largest,
  meanOver,
  oraclesOf,
  randomPairs,
  scoresOf,
  smallModel,
  UNEVEN,
  type SmallModel,
} from '../support/attribution.js';

const device = useDevice();
/** Of the largest score. */
const TOLERANCE = 2e-5;
const CLEAN: readonly OraclePoint[] = [{ weight: 1 }];

function expectScores(what: string, got: ArrayLike<number>, wanted: readonly number[]): void {
  const most = largest(wanted);
  expect(most, `${what}: largest score`).toBeGreaterThan(1e-4);
  expectClose(what, got, wanted, TOLERANCE * most);
}

let model: SmallModel;
beforeAll(async () => {
  model = await smallModel(device.gpu);
});
afterAll(() => model?.dispose());

describe('eap is the derivative with respect to the strength of an edge', () => {
  test.each(['logit-diff', 'prob-diff', 'nll'] as const)('metric %s', async (metric) => {
    const oracles = await oraclesOf(model.loaded, UNEVEN, { metric });
    const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), CLEAN));
    expectScores(metric, await scoresOf(model, UNEVEN, { metric }), wanted);
  });

  test.each(['zero', 'mean', 'mean-positional'] as const)('ablation %s', async (ablation) => {
    for (const input of ['token', 'token+position'] as const) {
      const oracles = await oraclesOf(model.loaded, EVEN, { ablation, input });
      const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), CLEAN));
      expectScores(`${ablation}, ${input}`, await scoresOf(model, EVEN, { ablation, input }), wanted);
    }
  });

  test('mean over other prompts, longer than the task, some at a time', async () => {
    const choice = { ablation: 'mean', meanSource: { pairs: UNEVEN, side: 'corrupted' } } as const;
    const task = EVEN.slice(0, 1);
    const oracles = await oraclesOf(model.loaded, task, choice);
    const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), CLEAN));
    const budget = budgetOf(model, 1, 6, choice);
    expectScores('means', await scoresOf(model, task, { ...choice, budget }), wanted);
  });

  test.each(['gelu', 'relu', 'silu'] as const)('activation %s', async (activation: Activation) => {
    const other = await smallModel(device.gpu, { activation, tied: false }, 6);
    try {
      const oracles = await oraclesOf(other.loaded, UNEVEN);
      const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(other), CLEAN));
      expectScores(activation, await scoresOf(other, UNEVEN), wanted);
    } finally {
      other.dispose();
    }
  });
});

describe('integrated gradients', () => {
  const amounts = (alphas: readonly number[], weights: readonly number[]): { amount: number; weight: number }[] =>
    alphas.map((alpha, k) => ({ amount: 1 - alpha, weight: weights[k]! }));
  const third = 1 / 3;
  const RULES = {
    left: amounts([0, third, 2 * third], [third, third, third]),
    right: amounts([third, 2 * third, 1], [third, third, third]),
    midpoint: amounts([third / 2, third * 1.5, third * 2.5], [third, third, third]),
    trapezoid: amounts([0, third, 2 * third, 1], [third / 2, third, third, third / 2]),
  } as const;

  test.each(['left', 'right', 'midpoint', 'trapezoid'] as const)('inputs, rule %s', async (rule) => {
    const oracles = await oraclesOf(model.loaded, UNEVEN, { metric: 'prob-diff' });
    const points = RULES[rule].map((point) => ({ ...point, moved: [0] }));
    const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), points));
    const got = await scoresOf(model, UNEVEN, {
      method: 'eap-ig-inputs',
      steps: 3,
      stepRule: rule,
      metric: 'prob-diff',
    });
    expectScores(rule, got, wanted);
  });

  test('inputs with the KL divergence, which has no gradient at the clean end', async () => {
    const oracles = await oraclesOf(model.loaded, UNEVEN, { metric: 'kl' });
    for (const rule of ['left', 'right'] as const) {
      const points = RULES[rule].map((point) => ({ ...point, moved: [0] }));
      const wanted = meanOver(oracles, (oracle) => oracle.edges(everyEdge(model), points));
      const got = await scoresOf(model, UNEVEN, { method: 'eap-ig-inputs', steps: 3, stepRule: rule, metric: 'kl' });
      expectScores(rule, got, wanted);
    }
  });

  test.each([
    ['group', 'resample', 'logit-diff'],
    ['all', 'resample', 'logit-diff'],
    ['group', 'zero', 'kl'],
    ['all', 'mean', 'nll'],
  ] as const)('activations, scope %s, %s, %s', async (scope, ablation, metric) => {
    const oracles = await oraclesOf(model.loaded, EVEN, { ablation, metric });
    const groups = writerGroups(model.topology);
    // The differences take a while: two of three edges, of the rules one each.
    const some = everyEdge(model).filter((id) => id % 3 !== 0);
    for (const rule of [scope === 'group' ? 'left' : 'right'] as const) {
      const points = groups.flatMap(({ firstWriter, writers }) => {
        const moved = Array.from({ length: writers }, (_, i) => firstWriter + i);
        return RULES[rule].map(({ amount, weight }) =>
          scope === 'group'
            ? { amount, weight, moved, only: moved }
            : { amount, weight: weight / groups.length, moved },
        );
      });
      const wanted = meanOver(oracles, (oracle) => oracle.edges(some, points));
      const options = { method: 'eap-ig-activations', steps: 3, stepRule: rule, scope, ablation, metric } as const;
      const got = await scoresOf(model, EVEN, options);
      expectScores(
        rule,
        some.map((id) => got[id]!),
        wanted,
      );
    }
  });

  test('one step at the right end is eap, to the bit', async () => {
    const eap = await scoresOf(model, UNEVEN);
    for (const options of [
      { method: 'eap-ig-inputs' },
      { method: 'eap-ig-activations', scope: 'group' },
      { method: 'eap-ig-activations', scope: 'all' },
    ] as const) {
      expectSame(JSON.stringify(options), await scoresOf(model, UNEVEN, { ...options, steps: 1 }), eap);
    }
  });

  test('clean-corrupted is the trapezoid of one step', async () => {
    const one = await scoresOf(model, UNEVEN, { method: 'eap-ig-inputs', steps: 1, stepRule: 'trapezoid' });
    expectSame('clean-corrupted', await scoresOf(model, UNEVEN, { method: 'clean-corrupted' }), one);
  });
});

describe('nodes and neurons', () => {
  test('against differences', async () => {
    const oracles = await oraclesOf(model.loaded, UNEVEN);
    const wanted = meanOver(oracles, (oracle) => oracle.writers(CLEAN));
    expectScores('nodes', await scoresOf(model, UNEVEN, { granularity: 'node' }), wanted);
    const neurons = await scoresOf(model, UNEVEN, { granularity: 'neuron' });
    const { width } = model.loaded.spec;
    expect(neurons.length).toBe(model.topology.writers.length * width);
    for (const column of [0, 7, width - 1]) {
      const own = meanOver(oracles, (oracle) => oracle.writers(CLEAN, column));
      expectScores(
        `column ${column}`,
        neurons.filter((_, i) => i % width === column),
        own,
      );
    }
  });

  test('of interpolated activations', async () => {
    const oracles = await oraclesOf(model.loaded, EVEN, { ablation: 'zero' });
    const points = writerGroups(model.topology).flatMap(({ firstWriter, writers }) => {
      const moved = Array.from({ length: writers }, (_, i) => firstWriter + i);
      return [0.75, 0.25].map((amount) => ({ amount, weight: 1 / 2, moved, only: moved }));
    });
    const wanted = meanOver(oracles, (oracle) => oracle.writers(points));
    const options = { method: 'eap-ig-activations', steps: 2, stepRule: 'midpoint', ablation: 'zero' } as const;
    expectScores('nodes', await scoresOf(model, EVEN, { ...options, granularity: 'node' }), wanted);
  });

  test('a node is the sum of the edges out of it, and of its neurons; edges are scored beside them', async () => {
    const options = { method: 'eap-ig-inputs', steps: 2, stepRule: 'left' } as const;
    const edges = await scoresOf(model, UNEVEN, options);
    const nodes = await attributionOf(model, UNEVEN, { ...options, granularity: 'node' });
    const neurons = await attributionOf(model, UNEVEN, { ...options, granularity: 'neuron' });
    expectSame('edges beside nodes', nodes.edges, edges);
    expectSame('edges beside neurons', neurons.edges, edges);
    const sums = new Float64Array(nodes.scores.length);
    for (const id of everyEdge(model)) {
      const edge = model.topology.edge(id);
      if (edge.kind === 'addition') sums[edge.writer]! += edges[id]!;
    }
    expectScores('edges', sums, Array.from(nodes.scores));
    const { width } = model.loaded.spec;
    const rows = nodes.scores.map((_, u) => {
      return neurons.scores.slice(u * width, (u + 1) * width).reduce((sum, x) => sum + x, 0);
    });
    expectScores('neurons', rows, Array.from(nodes.scores));
  });
});

test('scores do not depend on how many prompts go through the device at once, to the bit', async () => {
  for (const options of [
    { method: 'eap-ig-inputs', steps: 2, metric: 'kl', stepRule: 'left' },
    { method: 'eap', ablation: 'mean' },
    { method: 'information-flow' },
    { method: 'eap', granularity: 'neuron' },
  ] as const) {
    const passes: number[] = [];
    const count = (budget: number) => ({ budget, onProgress: ({ total }: { total: number }) => passes.push(total) });
    const whole = await scoresOf(model, UNEVEN, { ...options, ...count(1e9) });
    const parts = await scoresOf(model, UNEVEN, { ...options, ...count(budgetOf(model, 1, 6, options)) });
    expect(passes.at(-1), 'micro-batches').toBeGreaterThan(passes[0]!);
    expectSame(options.method, parts, whole);
  }
});

test('nor on how many runs do, which take fewer submissions', async () => {
  const { counters } = device.gpu;
  for (const options of [
    { method: 'eap-ig-inputs', steps: 5, stepRule: 'left' },
    { method: 'eap-ig-inputs', steps: 5, metric: 'kl', granularity: 'neuron' },
    { method: 'eap-ig-activations', steps: 4, ablation: 'mean', granularity: 'node' },
    { method: 'eap-ig-activations', steps: 3, scope: 'all', metric: 'nll' },
    { method: 'clean-corrupted' },
  ] as const) {
    const scored = async (runs: number) => {
      const submissions = counters.submissions;
      const seen: number[] = [];
      const got = await attributionOf(model, UNEVEN, {
        ...options,
        runs,
        perPrompt: true,
        onProgress: ({ done, total }) => seen.push(done, total),
      });
      expect(seen.at(-2), 'progress ends at its total').toBe(seen.at(-1));
      return { ...got, total: seen.at(-1), submissions: counters.submissions - submissions };
    };
    const alone = await scored(1);
    for (const runs of [2, 3, 16]) {
      const beside = await scored(runs);
      const what = `${JSON.stringify(options)}, ${runs} runs`;
      expectSame(what, beside.scores, alone.scores);
      expectSame(what, beside.edges, alone.edges);
      expectSame(what, beside.perPrompt!.values, alone.perPrompt!.values);
      expect(beside.total, what).toBe(alone.total);
      if (options.method !== 'clean-corrupted' && runs === 16)
        expect(beside.submissions).toBeLessThan(alone.submissions);
    }
  }
});

test('runs side by side, several micro-batches, little memory: the same bits', async () => {
  const options = { method: 'eap-ig-inputs', steps: 5, stepRule: 'left', metric: 'kl', runs: 5 } as const;
  const alone = await scoresOf(model, UNEVEN, { ...options, runs: 1 });
  const planned = plannedBytes(model, UNEVEN, options);
  for (const budget of [planned, planned - 1, plannedBytes(model, UNEVEN, { ...options, runs: 1 }), 1e5]) {
    expectSame(`${budget} bytes`, await scoresOf(model, UNEVEN, { ...options, budget }), alone);
  }
  const [first, ...rest] = UNEVEN;
  const one = await scoresOf(model, [first!], options);
  const others = await scoresOf(model, rest, options);
  const sum = Array.from(one, (x, i) => x + 2 * others[i]!);
  expectClose(
    'prompts apart',
    alone,
    sum.map((x) => x / 3),
    1e-6 * largest(alone),
  );
});

test('what stands after the metric position does not matter', async () => {
  const [pair] = UNEVEN;
  const longer = { ...pair!, clean: [...pair!.clean, 20, 21], corrupted: [...pair!.corrupted, 4, 5] };
  for (const method of ['eap', 'eap-ig-activations', 'information-flow'] as const) {
    const short = await scoresOf(model, [pair!], { method });
    expectClose(method, await scoresOf(model, [longer], { method }), Array.from(short), 1e-6 * largest(short));
  }
});

test('matrices and prompts in pieces, on an adapter with small bindings', async () => {
  const sizes = { vocab: 301, tied: false };
  const options = { method: 'eap-ig-inputs', steps: 2, stepRule: 'left', metric: 'prob-diff' } as const;
  const whole = await smallModel(device.gpu, sizes);
  let wanted: Float64Array;
  try {
    expect(whole.weights.unembed.chunks).toHaveLength(1);
    wanted = await scoresOf(whole, UNEVEN, options);
  } finally {
    whole.dispose();
  }
  const open = await openDevice();
  const gpu = new Gpu(open.device, open.adapter, { bindingLimit: 20_000 });
  const pieces = await smallModel(gpu, sizes);
  try {
    const { unembed } = pieces.weights;
    expect(unembed.chunks).toHaveLength(2);
    const passes: number[] = [];
    const got = await scoresOf(pieces, UNEVEN, { ...options, onProgress: ({ total }) => passes.push(total) });
    expect(passes[0], 'two passes of runs besides the preparation, one micro-batch').toBe(3);
    expectScores('scores', got, Array.from(wanted));
  } finally {
    pieces.dispose();
    await open.close();
  }
  expect(gpu.liveBytes).toBe(0);
});

describe('cost', () => {
  const sizes = { layers: 3, heads: 2, headWidth: 8, mlpWidth: 64, vocab: 20 };
  const pairs = randomPairs(3, 7, 20);

  /** Multiplications and additions of matrix products, and the most bytes alive beside the weights. */
  async function measured(
    model: SmallModel,
    options: Partial<AttributionOptions>,
  ): Promise<{ flops: number; bytes: number }> {
    const { gpu } = device;
    const [flops, before] = [gpu.counters.flops, gpu.liveBytes];
    let bytes = 0;
    const onProgress = (): void => void (bytes = Math.max(bytes, gpu.liveBytes - before));
    await scoresOf(model, pairs, { ...options, onProgress });
    return { flops: gpu.counters.flops - flops, bytes };
  }

  test('in forward passes: eap 3, eap-ig-inputs 2 + 2K, and the score products of each run', async () => {
    const model = await smallModel(device.gpu, sizes);
    try {
      const { topology, weights } = model;
      const tokens = 21;
      const { width, mlpWidth, layers, vocab } = model.loaded.spec;
      const forward = layers * 2 * tokens * (4 * width * width + 2 * width * mlpWidth);
      const unembedding = 2 * pairs.length * width * vocab;
      const products = 2 * topology.additionEdges * tokens * 4 * weights.layout.width4;
      // A metric that reads probabilities: the unembedding of the clean run forwards, of every run backwards.
      const nll = { metric: 'nll' } as const;
      expect((await measured(model, nll)).flops).toBe(3 * forward + 2 * unembedding + products);
      const steps = 4;
      const ig = { method: 'eap-ig-inputs', steps, stepRule: 'left' } as const;
      const run = (2 + 2 * steps) * forward + steps * products;
      expect((await measured(model, { ...ig, ...nll })).flops).toBe(run + (1 + 2 * steps) * unembedding);
      // The difference of logits: backwards the columns of its answers, forwards none.
      const answers = new Set(pairs.flatMap(({ correct, wrong }) => [...correct, ...wrong])).size;
      const columns = 2 * pairs.length * width * 4 * Math.ceil(answers / 4);
      expect(4 * Math.ceil(answers / 4)).toBeLessThan(vocab);
      expect((await measured(model, {})).flops).toBe(3 * forward + columns + products);
      expect((await measured(model, ig)).flops).toBe(run + steps * columns);
    } finally {
      model.dispose();
    }
  });

  test('in bytes: no more than planned, beside uniforms and tables', async () => {
    const model = await smallModel(device.gpu, { ...sizes, heads: 8, vocab: 400, mlpWidth: 256 });
    try {
      for (const options of [
        { method: 'eap' },
        { method: 'eap', ablation: 'mean' },
        { method: 'information-flow' },
        { method: 'eap', granularity: 'neuron' },
        { method: 'eap', metric: 'nll' },
        { method: 'eap', backward: 'atp-star' },
        { method: 'eap-ig-activations', steps: 2 },
        { method: 'eap-ig-inputs', steps: 4, stepRule: 'left', runs: 4 },
      ] as const) {
        const { bytes } = await measured(model, options);
        const own = plannedBytes(model, pairs, options);
        const what = JSON.stringify(options);
        expect(bytes, what).toBeLessThan(own + 6e5);
        expect(bytes, what).toBeGreaterThan(0.8 * own);
      }
    } finally {
      model.dispose();
    }
  });
});
