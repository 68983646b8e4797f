/**
 * A run on several devices against the same run on one, to the bit. Machines of tests have one adapter, so that both
 * devices are opened on it: what is proved is the sharing, not that a second card is found.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { randomCircuitLike } from '../../src/evaluate/random-circuit.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { listAdapters } from '../../src/node/adapters.js';
import { openDevice, openDevices, type OpenDevice } from '../../src/node/device.js';
import { Engine } from '../../src/run/engine.js';
import type { EvaluationOptions } from '../../src/run/options.js';
import { planStability } from '../../src/run/stability.js';
import type { PromptPair, Task } from '../../src/task/types.js';
import { searchOnce } from '../support/one-search.js';
import { randomNumbers } from '../support/random.js';
import { EQUAL_PAIRS, pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const SPEC = gpt2Spec({ layers: 2, heads: 3, headWidth: 5, mlpWidth: 9, vocab: 23, maxPositions: 12 });
const TUNING = { tile: 'register-8', fill: 3 } as const;
const KL = { metric: 'kl', ablation: 'resample', input: 'token' } as const;
const SEARCH = { threshold: 0.003, absolute: true, senderHeads: 'descending', directEdges: true } as const;

let devices: readonly OpenDevice[];
let model: LoadedModel;
/** On one device, and on two and three of the same adapter. */
let one: Engine;
let two: Engine;
let three: Engine;

beforeAll(async () => {
  devices = [
    await openDevice(),
    ...(await openDevices({ devices: [0, 0] })),
    ...(await openDevices({ devices: [0, 0, 0] })),
  ];
  model = await randomModel(SPEC, 4);
  const on = ([first, ...others]: readonly OpenDevice[]): Promise<Engine> =>
    Engine.create({ ...first!, others, model, tuning: TUNING });
  [one, two, three] = [await on(devices.slice(0, 1)), await on(devices.slice(1, 3)), await on(devices.slice(3))];
});
afterAll(async () => {
  for (const engine of [one, two, three]) engine.dispose();
  for (const device of devices) await device.close();
});

function taskOf(pairs: readonly PromptPair[]): Task {
  return { name: 'pairs', source: 'pairs', hash: '0'.repeat(64), pairs, skip: 0, tokenizer: null };
}

const unequal = (): Task => taskOf(pairsOf(randomNumbers(8), SPEC.vocab, UNEQUAL_PAIRS));
const equal = (): Task => taskOf(pairsOf(randomNumbers(9), SPEC.vocab, EQUAL_PAIRS));
/** Answers of two and three tokens beside one of one. */
const answered = (): Task =>
  taskOf(
    unequal().pairs.map((pair, n) => {
      const answer = [[4, 9, 2], [7, 1], [5]][n % 3]!.slice(0, Math.max(1, 12 - pair.clean.length));
      const clean = [...pair.clean, ...answer.slice(0, -1)];
      const corrupted = [...pair.corrupted, ...answer.slice(0, -1)];
      const position = pair.clean.length - 1;
      return { clean, corrupted, position, correct: [answer[0]!], wrong: [], ...(answer.length > 1 && { answer }) };
    }),
  );

/** What both give, and that every device had work. */
async function expectSame<T>(
  run: (engine: Engine) => Promise<T>,
  engines: readonly Engine[] = [two, three],
): Promise<T> {
  const wanted = await run(one);
  for (const engine of engines) {
    const before = engine.gpus.map(({ counters }) => counters.dispatches);
    expect(await run(engine)).toEqual(wanted);
    engine.gpus.forEach(({ counters }, i) => expect(counters.dispatches, `device ${i}`).toBeGreaterThan(before[i]!));
  }
  return wanted;
}

test('a search decides the same, with the same numbers', async () => {
  const found = await expectSame(async (engine) => {
    const { seconds: _, ...rest } = await searchOnce(engine, unequal(), { ...KL, ...SEARCH });
    return { ...rest, circuit: { ...rest.circuit, kept: [...rest.circuit.kept] } };
  });
  expect(found.kept).toBeGreaterThan(3);
  expect(found.trace.some(({ kept }) => !kept)).toBe(true);
});

test.each<[string, () => Task, EvaluationOptions]>([
  ['corrupted prompts', unequal, { ...KL, metric: 'logit-diff' }],
  ['zeros', unequal, { ...KL, ablation: 'zero' }],
  ['means over all prompts', unequal, { ...KL, ablation: 'mean' }],
  ['means of positions', equal, { ...KL, ablation: 'mean-positional', input: 'token+position' }],
  ['whole answers', answered, { ...KL, metric: 'nll' }],
])('circuits measure the same with cut edges that carry %s', async (_, task, options) => {
  const half = EdgeSet.where(one.topology, (id) => id % 2 === 0);
  await expectSame((engine) => engine.evaluate(task(), randomCircuitLike(half, 3), options));
});

test('judgements, areas and details are the same', async () => {
  const kept = EdgeSet.where(one.topology, (id) => id % 3 > 0);
  await expectSame((engine) =>
    engine.judge(unequal(), kept, { ...KL, metric: 'logit-diff' }, ['faithfulness'], { seed: 1 }),
  );
  await expectSame(async (engine) => {
    const search = await engine.search(unequal(), { ...KL, directEdges: false });
    try {
      return await search.exact();
    } finally {
      search.dispose();
    }
  });
  const found = await searchOnce(one, unequal(), { ...KL, ...SEARCH });
  await expectSame((engine) => engine.inspect(unequal(), found, KL));
});

test('draws of prompts give the same agreement', async () => {
  await expectSame(
    async (engine) => {
      const plan = planStability(model, unequal(), { method: 'acdc', threshold: 0.01, draws: 2 });
      return plan.run(engine, {});
    },
    [two],
  );
});

test('a search that one device began goes on with two', async () => {
  const measured: unknown[] = [];
  const search = (engine: Engine, earlier: readonly unknown[]) =>
    searchOnce(
      engine,
      unequal(),
      { ...KL, ...SEARCH },
      {
        journal: { earlier: earlier as never, record: (test) => void measured.push(test) },
      },
    );
  const whole = await search(one, []);
  const all = measured.splice(0);
  const resumed = await search(two, all.slice(0, 20));
  expect(measured).toEqual(all.slice(20));
  expect([...resumed.circuit.kept]).toEqual([...whole.circuit.kept]);
  expect(resumed.trace).toEqual(whole.trace);
});

test('methods that take gradients use the first device alone', async () => {
  const scores = (engine: Engine) => engine.attribute(unequal(), { ...KL, metric: 'logit-diff', method: 'eap' });
  const wanted = await scores(one);
  const before = two.gpus[1]!.counters.dispatches;
  expect((await scores(two)).values).toEqual(wanted.values);
  expect(two.gpus[1]!.counters.dispatches).toBe(before);
});

test('fewer prompts than devices leave devices idle, and change nothing', async () => {
  const task = taskOf(unequal().pairs.slice(0, 2));
  const kept = EdgeSet.where(one.topology, (id) => id % 2 === 0);
  expect(await three.evaluate(task, kept, KL)).toEqual(await one.evaluate(task, kept, KL));
});

test('each device has a memory of its own', async () => {
  const caches = { ...KL, directEdges: false };
  const long = taskOf(Array.from({ length: 8 }, () => unequal().pairs).flat());
  const open = async (engine: Engine): Promise<number[]> => {
    const before = engine.gpus.map(({ liveBytes }) => liveBytes);
    const search = await engine.search(long, caches);
    const taken = engine.gpus.map(({ liveBytes }, i) => liveBytes - before[i]!);
    search.dispose();
    return taken;
  };
  const [whole] = await open(one);
  const [first, second] = await open(two);
  expect(first).toBe(second);
  expect(first! / whole!).toBeLessThan(0.7);
});

test('devices of unlike adapters are refused, and numbers that no adapter has', async () => {
  const [first, second] = [devices[0]!, { ...devices[1]!, adapter: 'another card' }];
  await expect(Engine.create({ ...first, others: [second], model, tuning: TUNING })).rejects.toThrow(
    `devices: must be of equal adapters, which round alike; got ${first.adapter} and another card`,
  );
  const there = (await listAdapters()).length;
  await expect(openDevices({ devices: [0, there] })).rejects.toThrow(
    `devices: there is no adapter ${there}; there is 0 '`,
  );
  await expect(openDevices({ devices: [] })).rejects.toThrow('devices: names none');
  await expect(openDevices({ devices: [0], adapter: 'cpu' })).rejects.toThrow(/^devices: are named by numbers/);
});

test('every device is left without a byte', () => {
  for (const engine of [one, two, three]) {
    engine.dispose();
    expect(engine.gpus.map(({ liveBytes }) => liveBytes)).toEqual(engine.gpus.map(() => 0));
  }
});
