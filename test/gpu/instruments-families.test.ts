/** Tracing, patching, knockout and ablation on a small model of every family, against the same changes in float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import { patchActivations } from '../../src/instruments/activation-patching.js';
import { traceCauses } from '../../src/instruments/causal-tracing.js';
import { knockOut } from '../../src/instruments/knockout.js';
import { ablateNodes } from '../../src/instruments/node-ablation.js';
import { patchPath } from '../../src/instruments/path-patching.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { randomModel } from '../../src/model/random-model.js';
import type { PromptPair } from '../../src/task/types.js';
import { metricValue } from '../oracle/metrics.js';
import { loadOracle, runWithRules, type OracleModel, type PassRules } from '../oracle/model.js';
import { logSoftmax } from '../oracle/ops.js';
import { uploadModel, withEvaluator, type DeviceModel } from '../support/evaluators.js';
import { SMALL_FAMILIES, smallSpec } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf } from '../support/search-pairs.js';

const device = useDevice();
const TOLERANCE = 5e-5;
const budget = DEFAULT_BUDGET;
const metric = 'logit-diff';

describe.each(SMALL_FAMILIES)('%s', { timeout: 300_000 }, (family) => {
  const offset = SMALL_FAMILIES.indexOf(family);
  let loaded: LoadedModel;
  let model: DeviceModel;
  let oracle: OracleModel;
  let pairs: PromptPair[];

  beforeAll(async () => {
    const spec = smallSpec(family, { layers: 2 });
    loaded = await randomModel(spec, 140 + offset);
    model = await uploadModel(device.gpu, loaded);
    oracle = await loadOracle(loaded);
    pairs = pairsOf(randomNumbers(170 + offset), spec.vocab, EQUAL_PAIRS);
  });
  afterAll(() => model?.weights.dispose());

  /** Logits at the measured position of a clean prompt, with places changed. */
  const logitsOf = ({ clean, position }: PromptPair, place: NonNullable<PassRules['place']>): Float64Array => {
    const { vocab } = loaded.spec;
    return runWithRules(oracle, clean, { place }).logits.subarray(position * vocab, (position + 1) * vocab);
  };
  const metricOf = (pair: PromptPair, place: NonNullable<PassRules['place']> = () => undefined): number => {
    const logits = logitsOf(pair, place);
    return -metricValue(metric, { logits, clean: logits, correct: pair.correct, wrong: pair.wrong });
  };

  test('causal tracing', async () => {
    const { width } = loaded.spec;
    const { clean: ids, position } = pairs[0]!;
    const noise = [randomNumbers(offset).normals(2 * width, 0.5), randomNumbers(offset + 99).normals(2 * width, 0.5)];
    const prompt = { ids, position, noised: [1, 2], noise, answer: 5 };
    const got = await traceCauses(model.weights, model.topology, prompt, { windows: [1], budget });
    const states = new Map<string, Float64Array>();
    logitsOf(pairs[0]!, (name, layer, _, values) => {
      states.set(`${name} ${layer}`, values.slice());
      return undefined;
    });
    const probability = (restored: { place: string; layer: number; t: number } | null): number =>
      mean(
        noise.map((sample) => {
          const logits = logitsOf(pairs[0]!, (name, layer, _, values) => {
            const changed = values.slice();
            if (name === 'embedding') sample.forEach((value, i) => (changed[width + i]! += value));
            if (restored && name === restored.place && layer === restored.layer) {
              const from = states.get(`${name} ${layer}`)!;
              changed.set(from.subarray(restored.t * width, (restored.t + 1) * width), restored.t * width);
            }
            return changed;
          });
          return Math.exp(logSoftmax(logits)[5]!);
        }),
      );
    const last = ids.length - 1;
    expectClose('low', [got.low], [probability(null)], TOLERANCE, 'relative');
    for (const [t, layer] of [
      [1, 0],
      [2, 1],
      [last, 0],
    ] as const) {
      const stream = probability({ place: 'residual', layer: layer + 1, t });
      expectClose(`stream ${t} ${layer}`, [got.resid_post[t]![layer]!], [stream], TOLERANCE, 'relative');
      const attention = probability({ place: 'attention output', layer, t });
      expectClose(`attention ${t} ${layer}`, [got.attn_out['1']![t]![layer]!], [attention], TOLERANCE, 'relative');
      const mlp = probability({ place: 'mlp output', layer, t });
      expectClose(`MLP ${t} ${layer}`, [got.mlp_out!['1']![t]![layer]!], [mlp], TOLERANCE, 'relative');
    }
    expect(got.resid_post[0]).toEqual([got.low, got.low]);
  });

  test('knockout', async () => {
    const blocked = pairs.map(({ position }, n) => (n === 1 ? [] : [0, 2].filter((key) => key < position)));
    const options = { metric, window: 'all', budget } as const;
    const [got] = await knockOut(model.weights, model.topology, pairs, [blocked], options);
    const wanted = pairs.map((pair, n) =>
      metricOf(pair, (name, _, __, values) => {
        if (name !== 'scores') return undefined;
        const changed = values.slice();
        for (const key of blocked[n]!) changed[pair.position * pair.clean.length + key] = -Infinity;
        return changed;
      }),
    );
    expectClose('metric', got!.layers[0]!.metric_per_prompt, wanted, TOLERANCE, 'relative');
    expectClose(
      'base',
      got!.base.metric_per_prompt,
      pairs.map((pair) => metricOf(pair)),
      TOLERANCE,
      'relative',
    );
  });

  test('nodes set to zero', async () => {
    for (const [kind, place] of [
      ['heads', 'mixed'],
      ['mlps', 'mlp output'],
      ['neurons', 'neurons'],
    ] as const) {
      const options = { kind, value: 'zero', metric, layers: [1], budget } as const;
      const { rows } = await ablateNodes(model.weights, model.topology, pairs, options);
      const at = kind === 'mlps' ? 0 : 3;
      const wanted = pairs.map((pair) =>
        metricOf(pair, (name, layer, head, values) => {
          if (name !== place || layer !== 1 || (kind === 'heads' && head !== at)) return undefined;
          const columns = values.length / pair.clean.length;
          return values.map((value, i) => (kind === 'neurons' && i % columns !== at ? value : 0));
        }),
      );
      expectClose(kind, rows[at]!.metric_per_prompt, wanted, TOLERANCE, 'relative');
    }
  });

  test('patched activations', async () => {
    const options = { direction: 'noising', metric, budget } as const;
    const got = await patchActivations(model.weights, model.topology, pairs, options);
    const t = pairs[0]!.position;
    const values = pairs.map((pair) => {
      let other = new Float64Array(0);
      logitsOf({ ...pair, clean: pair.corrupted }, (name, layer, head, found) => {
        if (name === 'mixed' && layer === 0 && head === 2) other = found.slice();
        return undefined;
      });
      return metricOf(pair, (name, layer, head, found) => {
        if (name !== 'mixed' || layer !== 0 || head !== 2) return undefined;
        const columns = found.length / pair.clean.length;
        const changed = found.slice();
        changed.set(other.subarray(t * columns, (t + 1) * columns), t * columns);
        return changed;
      });
    });
    const effect = (got.clean - mean(values)) / (got.clean - got.corrupted);
    expectClose('z', [got.normalised.z[0]![t]![2]!], [effect], 2e-4, 'relative');
  });

  test('paths with free MLPs, also through norms after the heads', async () => {
    const { topology, weights } = model;
    const receivers = [topology.headPort(1, 'q', 3), topology.headPort(1, 'v', 2), topology.mlpPort(1)];
    const request = { senders: [topology.headWriter(0, 1)], receivers, mlps: 'free' } as const;
    const got = await patchPath(weights, topology, pairs, request, { metric, budget });
    const states = (pair: PromptPair, place: NonNullable<PassRules['place']>): Map<string, Float64Array> => {
      const seen = new Map<string, Float64Array>();
      logitsOf(pair, (name, layer, head, values) => {
        const changed = place(name, layer, head, values);
        seen.set(`${name} ${layer} ${head}`, (changed ?? values).slice());
        return changed;
      });
      return seen;
    };
    const wanted = pairs.map((pair) => {
      const clean = states(pair, () => undefined);
      const corrupted = states({ ...pair, clean: pair.corrupted }, () => undefined);
      const read = states(pair, (name, layer, head) => {
        if (name !== 'mixed') return undefined;
        return (layer === 0 && head === 1 ? corrupted : clean).get(`${name} ${layer} ${head}`)!;
      });
      return metricOf(pair, (name, layer, head) => {
        const isReceiver =
          (name === 'queries' && layer === 1 && head === 3) ||
          (name === 'values' && layer === 1 && head === 2) ||
          (name === 'mlp output' && layer === 1);
        return isReceiver ? read.get(`${name} ${layer} ${head}`)! : undefined;
      });
    });
    expectClose('metric', got.per_prompt, wanted, TOLERANCE, 'relative');
  });

  test('a path with frozen MLPs is the circuit without its edges', async () => {
    const { topology, weights } = model;
    const request = {
      senders: [topology.headWriter(0, 1)],
      receivers: [topology.headPort(1, 'v', 2), topology.mlpPort(1), topology.logitsPort],
      mlps: 'frozen',
    } as const;
    // Receivers of one path do not feed each other here: the head and the MLP read nothing of one another but by v.
    for (const receiver of request.receivers) {
      const one = { ...request, receivers: [receiver] };
      const got = await patchPath(weights, topology, pairs, one, { metric, budget });
      const cut = new Set([topology.additionEdge(request.senders[0]!, receiver)]);
      const circuit = EdgeSet.where(topology, (id) => !cut.has(id));
      const [values] = await withEvaluator(model, pairs, { metric }, (evaluator) => evaluator.perPrompt([circuit]));
      const wanted = values!.map((loss) => -loss);
      // Where a norm follows the heads, their outputs do not add up: a path is not an edge there.
      if (loaded.spec.postNorms) expect(got.per_prompt.every(Number.isFinite)).toBe(true);
      else expectClose(topology.portName(receiver), got.per_prompt, wanted, TOLERANCE, 'relative');
    }
  });
});
