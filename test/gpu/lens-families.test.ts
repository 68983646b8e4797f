/** What `lens` finds in small models of every kind of piece, against float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import type { LensReport } from '../../src/files/own/lens-json.js';
import { eigenvalues } from '../../src/instruments/lens/eigenvalues.js';
import { randomModel } from '../../src/model/random-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { runLens, type LensOptions } from '../../src/run/lens.js';
import type { PromptPair, Task } from '../../src/task/types.js';
import {
  logProbability,
  oracleAttribution,
  oracleLensLogits,
  oracleNeuron,
  oracleNeuronEffect,
  oracleNeuronLogits,
  oracleQk,
  oracleStreams,
} from '../oracle/lens.js';
import { loadOracle, runModel, runWithRules, type OracleModel, type Pass } from '../oracle/model.js';
import { logSoftmax } from '../oracle/ops.js';
import { oracleOv } from '../oracle/ov.js';
import { UNEVEN, type SmallModel } from '../support/attribution.js';
import { uploadModel, withEvaluator } from '../support/evaluators.js';
import { smallSpec, type SmallFamily } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';

const device = useDevice();
const TOLERANCE = 5e-5;
const WORDS = [2, 5, 9, 11, 30, 36];

/** One for every kind of piece, and one layer without an MLP. */
const CASES: readonly (readonly [string, ModelSpec])[] = [
  ...(['gpt2', 'gpt_neox', 'llama_biases', 'gemma2', 'gemma3_text', 'phi_qk_norm', 'olmo2'] as const).map(
    (family: SmallFamily) => [family, smallSpec(family, { layers: 2 })] as const,
  ),
  ['one layer without an MLP', smallSpec('gpt2', { layers: 1, mlp: null, mlpWidth: 0 })],
];

describe.each(CASES)('%s', (_, spec) => {
  let model: SmallModel;
  let oracle: OracleModel;
  let passes: readonly Pass[];
  const pairs: readonly PromptPair[] = UNEVEN;
  beforeAll(async () => {
    const loaded = await randomModel(spec, 21);
    const uploaded = await uploadModel(device.gpu, loaded);
    model = { ...uploaded, loaded, dispose: () => uploaded.weights.dispose() };
    oracle = await loadOracle(loaded);
    passes = pairs.map(({ clean }) => runModel(oracle, clean));
  });
  afterAll(() => model?.dispose());

  function lens(options: LensOptions, budget = DEFAULT_BUDGET): Promise<LensReport> {
    const task: Task = { name: 'uneven', source: 'uneven', hash: '', pairs, skip: 4, tokenizer: null };
    const { weights, topology, loaded } = model;
    return runLens(task, options, () => {}, {
      model: loaded,
      weights,
      topology,
      budget,
      withEvaluator: (evaluation, directEdges, use) => withEvaluator(model, pairs, { ...evaluation, directEdges }, use),
    });
  }
  const close = (name: string, got: readonly number[], wanted: readonly number[]): void =>
    expectClose(name, got, wanted, TOLERANCE, 'relative');

  test('logit lens', async () => {
    const { prompts } = (await lens({ only: ['logit_lens'] })).logit_lens!;
    const final = pairs.map(({ position }, n) =>
      oracleLensLogits(oracle, oracleStreams(oracle, passes[n]!, position).at(-1)!),
    );
    prompts.forEach(({ row, answer, layers }, n) => {
      const { position, correct } = pairs[n]!;
      expect(row).toBe(4 + n);
      // One prompt has two right answers.
      expect(answer).toBe(final[n]!.indexOf(Math.max(...final[n]!)));
      const streams = oracleStreams(oracle, passes[n]!, position);
      expect(layers.map(({ layer }) => layer)).toEqual([...streams.keys()]);
      layers.forEach((layer, l) => {
        const logits = oracleLensLogits(oracle, streams[l]!);
        const p = logSoftmax(logits).map(Math.exp);
        const name = `prompt ${n}, layer ${l}`;
        close(name, [layer.logit_answer, layer.p_answer], [logits[answer]!, p[answer]!]);
        close(`${name}: right answers`, [layer.p_correct_set!], [correct.reduce((sum, id) => sum + p[id]!, 0)]);
        expect(layer.rank, name).toBe(logits.filter((logit) => logit > logits[answer]!).length);
        const sorted = p.toSorted().toReversed();
        close(
          `${name}: by rank`,
          layer.top5.map(([, value]) => value),
          [...sorted.subarray(0, 5)],
        );
        close(
          `${name}: by token`,
          layer.top5.map(([, value]) => value),
          layer.top5.map(([text]) => p[Number(text.slice(1))]!),
        );
      });
    });
  });

  test('direct attribution adds up to the logit difference, part by part and neuron by neuron', async () => {
    const found = (await lens({ only: ['direct_attribution'], neurons: true })).direct_attribution!;
    pairs.forEach((pair, n) => {
      const { parts, total } = oracleAttribution(oracle, passes[n]!, pair);
      expect(found.components).toEqual([...parts.keys()]);
      close(`parts of prompt ${n}`, found.values[n]!, [...parts.values()]);
      close(`total of prompt ${n}`, [found.total[n]!], [total]);
      const sum = found.values[n]!.reduce((all, value) => all + value, 0);
      close(`sum of prompt ${n}`, [sum], [found.total[n]!]);
      const neurons = Array.from({ length: spec.mlp ? spec.layers : 0 }, (_unused, layer) =>
        Array.from({ length: spec.mlpWidth }, (_j, j) => oracleNeuronEffect(oracle, passes[n]!, layer, j, pair)),
      );
      expect(found.neurons![n]).toHaveLength(neurons.length);
      neurons.forEach((wanted, layer) => close(`neurons of layer ${layer}`, found.neurons![n]![layer]!, wanted));
    });
  });

  test('values of neurons', async () => {
    if (!spec.mlp) {
      await expect(lens({ only: ['ffn_values'] })).rejects.toThrow('ffn_values: the model has no MLPs');
      return;
    }
    const found = (await lens({ only: ['ffn_values'], strongest: 1000 })).ffn_values!;
    expect(found.rows).toEqual([4, 4 + pairs.length]);
    found.layers.forEach((neurons, layer) => {
      expect(neurons.map(({ neuron }) => neuron).toSorted((a, b) => a - b)).toEqual([...Array(spec.mlpWidth).keys()]);
      const sizes = neurons.map(({ effect }) => Math.abs(effect));
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      for (const one of neurons) {
        const name = `m${layer}.n${one.neuron}`;
        const own = pairs.map((pair, n) => oracleNeuron(oracle, passes[n]!, layer, one.neuron, pair.position));
        const effects = pairs.map((pair, n) => oracleNeuronEffect(oracle, passes[n]!, layer, one.neuron, pair));
        close(`${name}: effects`, one.effect_per_prompt, effects);
        close(
          `${name}: means`,
          [one.effect, one.coefficient_mean],
          [mean(effects), mean(own.map((of) => of.coefficient))],
        );
        const logits = oracleNeuronLogits(oracle, layer, own[0]!.value).toSorted();
        close(
          `${name}: top`,
          one.top10.map(([, value]) => value),
          [...logits.toReversed().subarray(0, 10)],
        );
        close(
          `${name}: bottom`,
          one.bottom3.map(([, value]) => value),
          [...logits.subarray(0, 3)],
        );
      }
    });
  });

  test('OV and QK in tokens, at a distance, and the eigenvalues of the whole circuit', async () => {
    const found = (await lens({ only: ['ov_qk'], words: WORDS, distance: 3 })).ov_qk!;
    const { vocab, layers, heads } = spec;
    const pairsOf = (values: readonly number[], columns: readonly number[]): [number, number, number][] =>
      values
        .map((value, i): [number, number, number] => [
          WORDS[Math.floor(i / columns.length)]!,
          columns[i % columns.length]!,
          value,
        ])
        .toSorted((a, b) => b[2] - a[2])
        .slice(0, 10);
    const every = [...Array(vocab).keys()];
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const name = `a${layer}.h${head}`;
        const got = found.heads[name]!;
        const ov = oracleOv(oracle, layer, head, WORDS);
        const qk = oracleQk(oracle, layer, head, WORDS, 3);
        for (const [which, list, wanted] of [
          [
            'ov_top',
            got.ov_top,
            pairsOf(
              ov.flatMap((row) => [...row]),
              every,
            ),
          ],
          [
            'ov_top_among_words',
            got.ov_top_among_words,
            pairsOf(
              ov.flatMap((row) => WORDS.map((id) => row[id]!)),
              WORDS,
            ),
          ],
          ['qk_top', got.qk_top, pairsOf([...qk], WORDS)],
        ] as const) {
          close(
            `${name}: ${which}`,
            list.map(([, , value]) => value),
            wanted.map(([, , value]) => value),
          );
          expect(
            list.map(([from, to]) => [from, to]),
            `${name}: ${which}`,
          ).toEqual(wanted.map(([from, to]) => [from, to]));
        }
        close(
          `${name}: diagonal`,
          [got.qk_diagonal.diagonal_mean, got.qk_diagonal.mean],
          [mean(WORDS.map((_unused, w) => qk[w * (WORDS.length + 1)]!)), mean([...qk])],
        );
        const whole = Float64Array.from(oracleOv(oracle, layer, head, every).flatMap((row) => [...row]));
        const values = eigenvalues(whole, vocab)!;
        const sizes = values.reduce((sum, { re, im }) => sum + Math.hypot(re, im), 0);
        close(
          `${name}: eigenvalues`,
          [got.ov_eigenvalue_copying!],
          [values.reduce((sum, { re }) => sum + re, 0) / sizes],
        );
      }
    }
  });

  test('log-probability per neuron, with and without a head', async () => {
    if (!spec.mlp) {
      await expect(lens({ only: ['neuron_increase'] })).rejects.toThrow('neuron_increase: the model has no MLPs');
      return;
    }
    const found = (await lens({ only: ['neuron_increase'], without: ['a0.h1'] })).neuron_increase!;
    const without = pairs.map(({ clean }) =>
      runWithRules(oracle, clean, {
        place: (place, layer, head, values) =>
          place === 'head outputs' && layer === 0 && head === 1 ? values.map(() => 0) : undefined,
      }),
    );
    const increase = (pass: Pass, layer: number, neuron: number, { position, correct }: PromptPair): number => {
      const mlp = pass.writers[model.topology.mlpWriter(layer)]!;
      const base = oracleStreams(oracle, pass, position)[layer + 1]!.map((x, i) => x - mlp[position * spec.width + i]!);
      const { added } = oracleNeuron(oracle, pass, layer, neuron, position);
      const of = (row: Float64Array): number => logProbability(oracleLensLogits(oracle, row), correct);
      return of(base.map((x, i) => x + added[i]!)) - of(base);
    };
    const logP = (runs: readonly Pass[]): number[] =>
      pairs.map(({ position, correct }, n) =>
        logProbability(oracleLensLogits(oracle, oracleStreams(oracle, runs[n]!, position).at(-1)!), correct),
      );
    close('log p', found.log_p, logP(passes));
    close('log p without', found.log_p_without!, logP(without));
    const all: number[] = [];
    for (let layer = 0; layer < spec.layers; layer++) {
      for (let j = 0; j < spec.mlpWidth; j++) {
        const change = pairs.map(
          (pair, n) => increase(passes[n]!, layer, j, pair) - increase(without[n]!, layer, j, pair),
        );
        all.push(mean(change));
      }
    }
    const told = found.neurons.map((one) => one.increase - one.increase_without!);
    close('changes by rank', told, all.toSorted((a, b) => b - a).slice(0, told.length));
    for (const one of found.neurons) {
      const wanted = pairs.map((pair, n) => increase(passes[n]!, one.layer, one.neuron, pair));
      close(`m${one.layer}.n${one.neuron}`, [...one.increase_per_prompt, one.increase], [...wanted, mean(wanted)]);
    }
  });

  test('triggers of neurons, and Hit@k of the model and of circuits', async () => {
    const texts = [[3, 14, 15, 9, 2, 6], [7, 18], [0, 1, 20, 4, 12], [33]].map((ids, i) => ({ line: 2 * i + 1, ids }));
    const circuit = (kept: EdgeSet) =>
      ({ kept, options: { metric: 'kl', ablation: 'resample', input: 'token' } }) as const;
    const [full, empty] = [EdgeSet.full(model.topology), EdgeSet.empty(model.topology)];
    const parts = spec.mlp ? (['triggers', 'hit_at_k'] as const) : (['hit_at_k'] as const);
    const found = await lens({ only: parts, texts, strongest: 2, circuit: circuit(full) });
    const rank = (pass: Pass, { position, correct }: PromptPair): number => {
      const logits = oracleLensLogits(oracle, oracleStreams(oracle, pass, position).at(-1)!);
      return logits.filter((logit) => logit > Math.max(...correct.map((id) => logits[id]!))).length;
    };
    const ranks = pairs.map((pair, n) => rank(passes[n]!, pair));
    expect(found.hit_at_k!.model.ranks).toEqual(ranks);
    expect(found.hit_at_k!.circuit).toEqual(found.hit_at_k!.model);
    const share = (k: number): number => ranks.filter((one) => one < k).length / ranks.length;
    expect(found.hit_at_k!.model.hit).toEqual([share(1), share(5), share(10)]);
    const none = (await lens({ only: ['hit_at_k'], circuit: circuit(empty) })).hit_at_k!;
    expect(none.circuit!.ranks).toEqual(pairs.map((pair) => rank(runModel(oracle, pair.corrupted), pair)));
    for (const { layer, neuron, examples } of found.triggers ?? []) {
      const strongest = texts.map(({ ids, line }) => {
        const pass = runModel(oracle, ids);
        const first = ids[0] === spec.bosTokenId ? 1 : 0;
        const values = ids.map((_unused, t) => oracleNeuron(oracle, pass, layer, neuron, t).coefficient);
        const at = values.reduce(
          (best, value, t) => (t >= first && Math.abs(value) > Math.abs(values[best]!) ? t : best),
          first,
        );
        return { line, position: at, coefficient: values[at]! };
      });
      strongest.sort((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient));
      expect(examples.map(({ line, position }) => [line, position])).toEqual(
        strongest.map(({ line, position }) => [line, position]),
      );
      close(
        `m${layer}.n${neuron}`,
        examples.map((one) => one.coefficient),
        strongest.map((one) => one.coefficient),
      );
      expect(examples[0]!.token).toBe(
        `#${texts.find(({ line }) => line === examples[0]!.line)!.ids[examples[0]!.position]!}`,
      );
    }
    expect(found.triggers?.length ?? 0).toBe(spec.mlp ? 2 * spec.layers : 0);
  });
});
