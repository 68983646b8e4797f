/** What is told of a model's nodes, against float64 and against itself. */
import type { InputKind } from '../../src/circuit/run-identity.js';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { DEFAULT_BUDGET } from '../../src/evaluate/memory-plan.js';
import { Gpu } from '../../src/gpu/gpu.js';
import { inspectNodes, type NodeBehaviour } from '../../src/inspect/inspect-nodes.js';
import { planInspection } from '../../src/inspect/inspection-plan.js';
import { valueReads } from '../../src/inspect/uses.js';
import { OV_TOKENS, ovTokens, wordsOf } from '../../src/inspect/ov-tokens.js';
import { layoutOf } from '../../src/model/layout.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { openTokenizer } from '../../src/run/task-reader.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { builtinTaskFile } from '../../src/task/builtin/index.js';
import { loadTask } from '../../src/task/load-task.js';
import type { PromptPair } from '../../src/task/types.js';
import { oracleBehaviour } from '../oracle/behaviour.js';
import { loadOracle, runModel } from '../oracle/model.js';
import { oracleOv } from '../oracle/ov.js';
import { uploadModel, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { directory, mixedPairs, odd } from '../support/inspected-models.js';
import { familyFixture, familyPairs, sharePairs } from '../support/tasks.js';
import { randomNumbers } from '../support/random.js';

const device = useDevice();
const TOLERANCE = 1e-4;

const SHIPPED = fileURLToPath(new URL('../../models/tasks-4l', import.meta.url));

/**
 * The first prompts of a shipped task in the tokens of the shipped model: sets of answers, prompts of several lengths.
 */
async function shippedPairs(name: string, count: number): Promise<PromptPair[]> {
  const folder = await openModelDirectory(SHIPPED);
  const { spec } = await openModel(folder);
  const task = await loadTask(builtinTaskFile(name), { tokenizer: await openTokenizer(folder, spec, 'auto'), ...spec });
  return task.pairs.slice(0, count);
}

const family = async (name: string): Promise<PromptPair[]> => familyPairs(await familyFixture(name));
const MODELS: readonly [string, () => Promise<LoadedModel>, () => Promise<PromptPair[]>][] = [
  ['a random model of odd sizes', () => randomModel(odd, 3), () => Promise.resolve(mixedPairs(odd.vocab))],
  ['gpt2', () => directory(fixture('families/gpt2')), () => family('gpt2')],
  ['gpt2_pad', () => directory(fixture('families/gpt2_pad')), () => family('gpt2_pad')],
  ['gpt2_invlayer', () => directory(fixture('families/gpt2_invlayer')), () => family('gpt2_invlayer')],
  ['share4l', () => directory(fixture('share4l')), () => sharePairs('ioi.jsonl', 5)],
  ['tasks-4l', () => directory(SHIPPED), () => shippedPairs('greater-than', 3)],
];

describe.each(MODELS)('%s', (_, load, prompts) => {
  let loaded: LoadedModel;
  let model: DeviceModel;
  let pairs: PromptPair[];

  beforeAll(async () => {
    loaded = await load();
    model = await uploadModel(device.gpu, loaded);
    pairs = await prompts();
  });
  afterAll(() => model?.weights.dispose());

  const inspect = (asked: readonly number[], input: InputKind, budget = DEFAULT_BUDGET) =>
    inspectNodes(model.weights, model.topology, pairs, asked, { input, budget });
  const everyWriter = (): number[] => [...model.topology.writers.keys()];

  test.each(['token', 'token+position'] as const)('every node, input writer %s', async (input) => {
    const { topology } = model;
    const got = await inspect(everyWriter(), input);
    const oracle = await loadOracle(loaded, input);
    const passes = pairs.map((pair) => runModel(oracle, pair.clean));
    const expected = pairs.map((pair, n) => oracleBehaviour(oracle, passes[n]!, pair));
    topology.writers.forEach((writer, w) => {
      const name = topology.writerName(w);
      const node = got.nodes[w]!;
      const direct = expected.map((prompt) => prompt.direct[w]!);
      expectClose(`direct effect of ${name}`, got.direct[w]!, direct, TOLERANCE, 'relative');
      expect(node.attention === null, name).toBe(writer.kind !== 'head');
      if (writer.kind === 'head') {
        const head = writer.layer * topology.heads + writer.head;
        expect(node.attention).toHaveLength(pairs.length);
        node.attention!.forEach((pattern, n) =>
          expectClose(`pattern of ${name}, prompt ${n}`, pattern, passes[n]!.patterns[head]!, TOLERANCE),
        );
      }
      const { vocab } = loaded.spec;
      const logits = Array.from({ length: vocab }, (_unused, id) => mean(expected.map((p) => p.logits[w]![id]!)));
      const centred = logits.map((logit) => logit - mean(logits));
      const sorted = centred.toSorted((a, b) => b - a);
      // Ranks may swap where logits are nearly equal: compared are the values by rank, and each token's own value.
      for (const [tokens, extremes] of [
        [node.promotes, sorted.slice(0, 8)],
        [node.suppresses, sorted.toReversed().slice(0, 8)],
      ] as const) {
        const values = tokens.map(({ logit }) => logit);
        expect(new Set(tokens.map(({ id }) => id)).size).toBe(8);
        expectClose(`logits of ${name} by rank`, values, extremes, TOLERANCE, 'relative');
        expectClose(
          `logits of ${name} by token`,
          values,
          tokens.map(({ id }) => centred[id]!),
          TOLERANCE,
          'relative',
        );
      }
    });
    const constants = expected.map((prompt) => prompt.constants);
    expectClose('constants', got.constants, constants, TOLERANCE, 'relative');
    const { vocab } = loaded.spec;
    const logitDifference = pairs.map(({ correct, wrong, position }, n) => {
      const row = passes[n]!.logits.subarray(position * vocab, (position + 1) * vocab);
      return mean(correct.map((id) => row[id]!)) - mean(wrong.map((id) => row[id]!));
    });
    const sums = pairs.map((_unused, n) => got.direct.reduce((sum, values) => sum + values[n]!, got.constants[n]!));
    expectClose('sum over all parts', sums, logitDifference, TOLERANCE, 'relative');
  });

  test('some nodes in any order, and how prompts are batched, change no bit but those of means', async () => {
    const all = await inspect(everyWriter(), 'token');
    const some = everyWriter()
      .filter((writer) => writer % 3 !== 1)
      .toReversed();
    const limits = { maxBinding: device.gpu.maxBinding, maxWorkgroups: device.gpu.maxWorkgroups };
    const sequence = Math.max(...pairs.map((pair) => pair.clean.length));
    const heads = some.filter((writer) => model.topology.writers[writer]!.kind === 'head').length;
    const plan = (budget: number) =>
      planInspection(
        model.topology,
        layoutOf(loaded.spec),
        { prompts: pairs.length, sequence, heads },
        { ...limits, budget },
      );
    const tight = Math.floor(plan(DEFAULT_BUDGET).bytes * 0.6);
    expect(plan(tight).microBatches).toBeGreaterThan(1);
    const batched = await inspect(some, 'token', tight);
    expect(batched.direct).toEqual(all.direct);
    expect(batched.constants).toEqual(all.constants);
    some.forEach((writer, i) => {
      const [one, other] = [batched.nodes[i]!, all.nodes[writer]!];
      expect(one.attention).toEqual(other.attention);
      const logits = (node: NodeBehaviour['nodes'][number]): number[] =>
        [...node.promotes, ...node.suppresses].map(({ logit }) => logit);
      expectClose(`node ${writer}`, logits(one), logits(other), 1e-5, 'relative');
    });
  });
});

/** Every head of a model. */
const headsOf = ({ topology }: DeviceModel): { layer: number; head: number }[] =>
  topology.writers.flatMap((node) => (node.kind === 'head' ? [{ layer: node.layer, head: node.head }] : []));

test.each(MODELS)('what heads write for words: %s', async (_, load) => {
  const loaded = await load();
  const { vocab } = loaded.spec;
  const model = await uploadModel(device.gpu, loaded);
  const words = randomNumbers(5).sample(
    Array.from({ length: vocab }, (__, id) => id),
    Math.min(7, vocab),
  );
  const heads = headsOf(model).filter((__, i) => i % 2 === 0);
  // Logits of three rows at once: pieces change nothing.
  const got = await ovTokens(model.weights, heads, words, 3 * 4 * model.weights.layout.vocabStride);
  const oracle = await loadOracle(loaded, 'token');
  heads.forEach(({ layer, head }, i) => {
    const logits = oracleOv(oracle, layer, head, words);
    const name = `a${layer}.h${head}`;
    words.forEach((word, w) => {
      const told = got[i]!.promotes[w]!;
      const values = told.map(({ logit }) => logit);
      const sorted = [...logits[w]!].sort((a, b) => b - a).slice(0, OV_TOKENS);
      expect(new Set(told.map(({ id }) => id)).size).toBe(Math.min(OV_TOKENS, vocab));
      expectClose(`${name}, word ${word}, by rank`, values, sorted, TOLERANCE, 'relative');
      const own = told.map(({ id }) => logits[w]![id]!);
      expectClose(`${name}, word ${word}, by token`, values, own, TOLERANCE, 'relative');
    });
    const { copying } = got[i]!;
    const pairs = words.flatMap((__, w) => words.map((word) => logits[w]![word]!));
    expectClose(
      `${name}: copying`,
      [copying.diagonalMean, copying.mean],
      [mean(words.map((word, w) => logits[w]![word]!)), mean(pairs)],
      TOLERANCE * Math.max(...pairs.map(Math.abs)),
    );
    const among = (first: number): number =>
      mean(words.map((word, w) => (logits[w]!.filter((x) => x > logits[w]![word]!).length < first ? 1 : 0)));
    expect([copying.top1IsSelf, copying.top5HasSelf]).toEqual([among(1), among(5)]);
  });
  model.weights.dispose();
});

test('what heads write for words: the reference', async () => {
  interface Copying {
    readonly diagonal_mean: number;
    readonly mean: number;
    readonly top1_is_self: number;
    readonly top5_has_self: number;
  }
  interface Head {
    readonly ov_top: readonly (readonly [number, number, number])[];
    readonly ov_copying: Copying;
  }
  const { word_ids: words, heads } = await fixtureJson<{
    readonly word_ids: number[];
    readonly heads: Readonly<Record<string, Head>>;
  }>('share4l/reference/lens/ov_qk.json');
  const loaded = await directory(fixture('share4l'));
  const model = await uploadModel(device.gpu, loaded);
  const prompts = (await sharePairs('ioi.jsonl', 64)).map(({ clean }) => clean);
  expect(wordsOf(prompts, 0)).toEqual(words);
  const all = headsOf(model);
  const got = await ovTokens(model.weights, all, words, 2 ** 26);
  all.forEach(({ layer, head }, i) => {
    const { ov_top: top, ov_copying: copying } = heads[`a${layer}.h${head}`]!;
    const { promotes, copying: found } = got[i]!;
    const triples = promotes
      .flatMap((list, w) => list.map(({ id, logit }) => [words[w]!, id, logit] as const))
      .sort((a, b) => b[2] - a[2])
      .slice(0, top.length);
    expect(triples.map(([from, to]) => [from, to])).toEqual(top.map(([from, to]) => [from, to]));
    const values = triples.map(([, , value]) => value);
    expectClose(
      'values',
      values,
      top.map(([, , value]) => value),
      1e-6,
    );
    expectClose('means', [found.diagonalMean, found.mean], [copying.diagonal_mean, copying.mean], 1e-6);
    expectClose('shares', [found.top1IsSelf, found.top5HasSelf], [copying.top1_is_self, copying.top5_has_self], 1e-9);
  });
  model.weights.dispose();
});

test('an unembedding in pieces changes no bit', async () => {
  const pairs = mixedPairs(odd.vocab).slice(0, 1);
  const inspect = async (bindingLimit?: number): Promise<NodeBehaviour> => {
    const gpu = new Gpu(device.gpu.device, device.gpu.adapter, { bindingLimit });
    const { weights, topology } = await uploadModel(gpu, await randomModel(odd, 3));
    expect(weights.unembed.chunks).toHaveLength(bindingLimit === undefined ? 1 : 2);
    const writers = [...topology.writers.keys()];
    try {
      return await inspectNodes(weights, topology, pairs, writers, { input: 'token', budget: DEFAULT_BUDGET });
    } finally {
      weights.dispose();
      expect(gpu.liveBytes).toBe(0);
    }
  };
  expect(await inspect(20_000)).toEqual(await inspect());
});

test('an inspection takes no more memory than planned', async () => {
  const spec = gpt2Spec({ layers: 2, heads: 6, headWidth: 8, mlpWidth: 50, vocab: 151, maxPositions: 40 });
  const gpu = new Gpu(device.gpu.device, device.gpu.adapter);
  const { weights, topology } = await uploadModel(gpu, await randomModel(spec, 1));
  const random = randomNumbers(2);
  const pairs = Array.from({ length: 60 }, () => {
    const clean = random.ids(40, spec.vocab);
    return { clean, corrupted: clean, position: 39, correct: [1], wrong: [2] };
  });
  const limits = { maxBinding: gpu.maxBinding, maxWorkgroups: gpu.maxWorkgroups, budget: 12e6 };
  const heads = 2 * spec.heads;
  const circuit = { topology, kept: EdgeSet.full(topology), directTested: false };
  const rows = topology.writers.length + valueReads(circuit).length;
  const plan = planInspection(topology, weights.layout, { prompts: 60, sequence: 40, heads, rows }, limits);
  expect(plan.microBatches).toBeGreaterThan(1);
  const before = gpu.liveBytes;
  const writers = [...topology.writers.keys()];
  const used = { circuit, weight: () => 1 };
  await inspectNodes(weights, topology, pairs, writers, { input: 'token', budget: limits.budget, used });
  expect(gpu.liveBytes).toBe(before);
  // Tables of jobs, uniforms and lists of prompts come on top of the plan.
  expect(gpu.peakBytes - before).toBeLessThan(plan.bytes + 5e5);
  expect(gpu.peakBytes - before).toBeGreaterThan(plan.bytes / 2);
  weights.dispose();
});
