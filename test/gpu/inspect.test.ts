/** What the engine tells of a circuit's nodes and edges, against float64 and against itself. */
import type { InputKind } from '../../src/circuit/run-identity.js';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { keptEdges } from '../../src/circuit/circuit.js';
import { detailsFit, parseDetails, writeDetails } from '../../src/files/index.js';
import { Engine } from '../../src/run/engine.js';
import type { Discovery } from '../../src/run/discovery.js';
import type { Caches, SearchOptions } from '../../src/run/options.js';
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
import type { PromptPair, Task } from '../../src/task/types.js';
import { oracleBehaviour } from '../oracle/behaviour.js';
import { loadOracle, runModel } from '../oracle/model.js';
import { oracleOv } from '../oracle/ov.js';
import { uploadModel, type DeviceModel } from '../support/evaluators.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { searchOnce } from '../support/one-search.js';
import { familyFixture, familyPairs, sharePairs } from '../support/tasks.js';
import { randomNumbers } from '../support/random.js';

const device = useDevice();
const TOLERANCE = 1e-4;

/** Prompts of 1 to 9 tokens, measured in the middle or at the end, with one to four answers. */
function mixedPairs(vocab: number): PromptPair[] {
  const random = randomNumbers(11);
  return [9, 1, 4, 6, 7].map((length, n) => {
    const answers = random.sample(
      Array.from({ length: vocab }, (_, id) => id),
      5,
    );
    return {
      clean: random.ids(length, vocab),
      corrupted: random.ids(length, vocab),
      position: n === 3 ? 2 : length - 1,
      correct: answers.slice(0, 1 + (n % 3)),
      wrong: answers.slice(3, 4 + (n % 2)),
    };
  });
}

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

const odd = gpt2Spec({ layers: 3, heads: 3, headWidth: 7, mlpWidth: 22, vocab: 151, maxPositions: 9, tied: false });
const family = async (name: string): Promise<PromptPair[]> => familyPairs(await familyFixture(name));
const directory = async (path: string): Promise<LoadedModel> => openModel(await openModelDirectory(path));
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

describe('details of a circuit', () => {
  const OPTIONS: Caches & SearchOptions = {
    metric: 'kl',
    ablation: 'resample',
    input: 'token',
    threshold: 0.02,
    absolute: false,
    senderHeads: 'descending',
    directEdges: false,
  };
  const taskOf = (pairs: readonly PromptPair[]): Task => ({
    name: 'a task',
    source: 'a test',
    hash: 'cd'.repeat(32),
    pairs,
    skip: 0,
    tokenizer: null,
  });

  async function withDetails(
    model: LoadedModel,
    task: Task,
    options: Caches & SearchOptions,
    use: (details: CircuitDetails, discovery: Discovery, engine: Engine) => Promise<void> | void,
  ): Promise<void> {
    const engine = await Engine.create({ device: device.gpu.device, adapter: device.gpu.adapter, model });
    try {
      const discovery = await searchOnce(engine, task, options);
      await use(await engine.inspect(task, discovery, options), discovery, engine);
      engine.dispose();
      expect(engine.gpu.liveBytes).toBe(0);
    } finally {
      engine.dispose();
    }
  }

  const CASES: readonly [
    string,
    () => Promise<LoadedModel>,
    () => Promise<PromptPair[]>,
    Partial<Caches & SearchOptions>,
  ][] = [
    ['kl', () => randomModel(odd, 5), () => Promise.resolve(mixedPairs(odd.vocab)), {}],
    ['direct edges', () => randomModel(odd, 5), () => Promise.resolve(mixedPairs(odd.vocab)), { directEdges: true }],
    [
      'mean ablation of the logit difference by |effect|',
      () => randomModel(odd, 5),
      () => Promise.resolve(mixedPairs(odd.vocab)),
      { metric: 'logit-diff', ablation: 'mean', absolute: true, threshold: 0.05 },
    ],
    ['share4l', () => directory(fixture('share4l')), () => sharePairs('ioi.jsonl', 4), { threshold: 0.1 }],
  ];
  test.each(CASES)('%s', async (_, load, prompts, choice) => {
    const task = taskOf(await prompts());
    const options = { ...OPTIONS, ...choice };
    await withDetails(await load(), task, options, (details, discovery) => {
      const { circuit } = discovery;
      const { topology } = circuit;
      expect(details.metric).toBe(options.metric);
      expect(details.of.keptEdges).toBe(keptEdges(circuit));
      expect(Object.keys(details.edges)).toHaveLength(keptEdges(circuit));
      for (const [name, effects] of Object.entries(details.edges)) {
        expect(effects).toHaveLength(task.pairs.length);
        expectClose(`effects of ${name}`, [mean(effects)], [circuit.effects[topology.edgeId(name)!]!], 1e-12);
      }
      const metric = (which: 'whole' | 'circuit' | 'empty'): number =>
        mean(details.prompts.map((prompt) => prompt.metrics[which]!));
      expect([metric('whole'), metric('circuit'), metric('empty')]).toEqual([
        discovery.initial,
        discovery.final,
        discovery.empty,
      ]);
      details.prompts.forEach((prompt, n) => {
        expect(prompt.clean).toEqual(task.pairs[n]!.clean.map((id) => `#${id}`));
        const direct = Object.values(details.nodes).map((node) => node.direct![n]!);
        const sum = direct.reduce((a, b) => a + b, details.rest!.writers[n]! + details.rest!.constants[n]!);
        expectClose('logit difference', [sum], [prompt.logitDifference!], TOLERANCE, 'relative');
      });
      const text = writeDetails(details);
      const read = parseDetails(text, 'details.json');
      expect(writeDetails(read)).toBe(text);
      expect(detailsFit(read, circuit)).toBe(true);
      expect(detailsFit(read, { ...circuit, kept: EdgeSet.empty(topology) })).toBe(false);
    });
  });

  test('of a circuit that was not found here; heads have kinds and words, other nodes have none', async () => {
    const task = taskOf(mixedPairs(odd.vocab));
    await withDetails(await randomModel(odd, 5), task, OPTIONS, async (found, { circuit }, engine) => {
      const foreign = { ...circuit, provenance: null };
      const steps: string[] = [];
      const options = { ...OPTIONS, metric: 'logit-diff' } as const;
      const details = await engine.inspect(task, { circuit: foreign }, options, ({ done, total }) =>
        steps.push(`${done}/${total}`),
      );
      // Uses and effects in the circuit go by its own numbers.
      const ofModel = ({ nodes }: CircuitDetails): object =>
        Object.values(nodes).map(({ attention, corruptedAttention, answerRank, direct, promotes, ov }) => ({
          attention,
          corruptedAttention,
          answerRank,
          direct,
          promotes,
          ov,
        }));
      expect(ofModel(details)).toEqual(ofModel(found));
      expect(details.edges).toEqual({});
      expect(detailsFit(details, foreign)).toBe(true);
      const [done, total] = steps.at(-1)!.split('/');
      expect(done).toBe(total);
      expect(Number(total)).toBeGreaterThan(Object.keys(details.nodes).length + details.curve!.length);
      expect(new Set(steps.map((step) => step.split('/')[1])).size).toBe(1);
      const words = new Set(task.pairs.flatMap(({ clean }) => clean)).size;
      for (const [name, { detectors, ov }] of Object.entries(details.nodes)) {
        expect([detectors === null, ov === null], name).toEqual(name.startsWith('a') ? [false, false] : [true, true]);
        if (!ov) continue;
        expect(ov.words).toBe(words);
        expect(ov.tokens).toHaveLength(Math.min(16, words));
        const strongest = ov.tokens.map(({ promotes }) => promotes[0]!.logit);
        expect(strongest).toEqual(strongest.toSorted((a, b) => b - a));
      }
      const measured = await engine.measureEdges(task, foreign, options);
      const { measuredWith } = measured.circuit.inCircuit!;
      expect(measuredWith).toMatchObject({ metric: 'logit-diff', task: { hash: task.hash } });
      const again = await engine.measureEdges(task, circuit, OPTIONS);
      expect(again.circuit.inCircuit!.measuredWith).toBeUndefined();
      expect(again.metrics.circuit).toBe(circuit.provenance!.metrics.final);
    });
  });

  test('without answers there are no direct effects; another task or metric is refused', async () => {
    const pairs = mixedPairs(odd.vocab).map((pair, n) => (n === 1 ? { ...pair, wrong: [] } : pair));
    const task = taskOf(pairs);
    await withDetails(await randomModel(odd, 5), task, OPTIONS, async (details, discovery, engine) => {
      expect(details.rest).toBeNull();
      expect(details.prompts.every(({ probability }) => probability !== null)).toBe(true);
      expect(Object.values(details.nodes).every((node) => node.direct === null)).toBe(true);
      expect(details.prompts.map((prompt) => prompt.logitDifference === null)).toEqual(pairs.map((__, n) => n === 1));
      const other = { ...task, hash: 'ef'.repeat(32) };
      await expect(engine.inspect(other, discovery, OPTIONS)).rejects.toThrow(/another model, task or metric/);
      await expect(engine.inspect(task, discovery, { ...OPTIONS, metric: 'nll' })).rejects.toThrow(/another model/);
    });
  });
});
