/** The details of a circuit: the circuit's own numbers, and a file that says the same. */
import { expect, test } from 'vitest';
import { mean } from '../../src/base/mean.js';
import { keptEdges } from '../../src/circuit/circuit.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { detailsFit, parseDetails, writeDetails } from '../../src/files/index.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { randomModel } from '../../src/model/random-model.js';
import type { Discovery } from '../../src/run/discovery.js';
import { Engine } from '../../src/run/engine.js';
import type { Caches, SearchOptions } from '../../src/run/options.js';
import type { PromptPair, Task } from '../../src/task/types.js';
import { fixture } from '../support/fixtures.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { directory, mixedPairs, odd } from '../support/inspected-models.js';
import { searchOnce } from '../support/one-search.js';
import { sharePairs } from '../support/tasks.js';

const device = useDevice();
const TOLERANCE = 1e-4;

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
