import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProfiledGpu } from '../../bench/profile/profiled-gpu.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { PatchingEvaluator } from '../../src/evaluate/evaluator.js';
import type { KernelName } from '../../src/gpu/kernel.js';
import { openDevice, type OpenDevice } from '../../src/node/device.js';
import { smallModel, randomPairs, scoresOf, type SmallModel } from '../support/attribution.js';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice({ timestamps: true });
});
afterAll(() => open?.close());

/** The kernels of a whole pass of a model as GPT-2's, whatever the tile. */
const OF_PASS = ['port_inputs', 'norm', 'attention_pattern', 'attention_mix', 'row_dots', /^matmul(_|$)/];

async function withPass(
  timestamps: boolean,
  use: (gpu: ProfiledGpu, model: SmallModel, run: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const gpu = new ProfiledGpu(open.device, open.adapter, { wait: open.wait }, { timestamps });
  const model = await smallModel(gpu);
  const evaluator = await PatchingEvaluator.create(model.weights, model.topology, randomPairs(3, 6, 20), {
    metric: 'logit-diff',
    ablation: 'zero',
    input: 'token',
    directEdges: false,
    whole: true,
    shape: { prompts: 3, sequence: 6, circuits: 1, cutSums: 0 },
  });
  try {
    await use(gpu, model, () => evaluator.metric(EdgeSet.full(model.topology)));
  } finally {
    evaluator.dispose();
    model.dispose();
  }
  expect(gpu.liveBytes).toBe(0);
}

test.each([
  { by: 'timestamps', timestamps: true },
  { by: 'difference', timestamps: false },
] as const)('a pass by $by: every kernel, every dispatch, its time, and the same metric', ({ by, timestamps }) =>
  withPass(timestamps, async (gpu, _model, run) => {
    if (timestamps) expect(open.device.features.has('timestamp-query'), 'this adapter has timestamps').toBe(true);
    const plain = await run();
    const before = { ...gpu.counters };
    let metric = Number.NaN;
    let issued = { ...gpu.counters };
    const profile = await gpu.profile(async () => {
      metric = await run();
      issued = { ...gpu.counters };
    });
    expect(metric).toBe(plain);
    expect(profile.by).toBe(by);
    const kernels = [...profile.kernels];
    for (const kernel of OF_PASS) {
      const matches = (name: KernelName): boolean => (typeof kernel === 'string' ? name === kernel : kernel.test(name));
      expect(
        kernels.some(([name]) => matches(name)),
        String(kernel),
      ).toBe(true);
    }
    expect(kernels.reduce((sum, [, { dispatches }]) => sum + dispatches, 0)).toBe(
      issued.dispatches - before.dispatches,
    );
    const told = [...profile.told.values()].reduce((sum, { flops }) => sum + flops, 0);
    expect(told).toBe(issued.flops - before.flops);
    for (const [name, { seconds, dispatches }] of kernels) {
      expect(dispatches, name).toBeGreaterThan(0);
      // A difference of two short times may be lost in noise; a timestamp is not.
      if (timestamps) expect(seconds, name).toBeGreaterThan(0);
      else expect(seconds, name).toBeGreaterThanOrEqual(0);
    }
    expect(kernels.reduce((sum, [, { seconds }]) => sum + seconds, 0)).toBeGreaterThan(0);
    expect(profile.host.waits).toBeGreaterThan(0);
    expect(profile.host.seconds.record).toBeGreaterThan(0);
    expect(profile.host.seconds.encode).toBeGreaterThan(0);
  }),
);

test('what is not profiled is not timed, and a profile starts anew', () =>
  withPass(true, async (gpu, model, run) => {
    expect(gpu.timer).toBeUndefined();
    const first = await gpu.profile(run);
    await run();
    expect(gpu.timer).toBeUndefined();
    const second = await gpu.profile(run);
    const dispatches = ({ kernels }: typeof first): [string, number][] =>
      [...kernels].map(([name, tally]) => [name, tally.dispatches]);
    expect(dispatches(second)).toEqual(dispatches(first));
    const scores = await gpu.profile(() => scoresOf(model, randomPairs(3, 6, 20)));
    expect([...scores.kernels.keys()]).toContain('edge_scores');
    expect([...scores.kernels.keys()]).not.toContain('port_inputs');
  }));
