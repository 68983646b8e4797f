import { attribute } from '../../src/attribute/attribution.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { PatchingEvaluator } from '../../src/evaluate/evaluator.js';
import { uploadWeights } from '../../src/model/weights.js';
import { planFor, topologyOf } from '../../src/run/identity.js';
import { openFromFolder, openPlanted } from '../acdc-workloads.js';
import { PROMPTS } from '../planted/searches.js';
import { openSearch, type SearchOptions } from '../search-run.js';
import type { ProfiledGpu } from './profiled-gpu.js';

type Opened = Awaited<ReturnType<typeof openPlanted>>;

/** Something to profile. */
export interface ProfiledWork {
  readonly name: string;
  /** Takes seconds on a software adapter. */
  readonly quick: boolean;
  readonly open: () => Promise<Opened>;
  /** Sets it up. What it gives may be run any number of times, each time with the same work. */
  bind(gpu: ProfiledGpu, opened: Opened, fill: number): Promise<{ run(): Promise<unknown>; dispose(): void }>;
}

const MODELS = [
  { model: 'tasks-4l', quick: true, threshold: 0.01, open: () => openFromFolder('tasks-4l', 'ioi') },
  { model: `GPT-2 small's shape, ${PROMPTS} prompts`, quick: false, threshold: 0.015, open: openPlanted },
] as const;

/** Tests of a search that are profiled at most: a whole one takes hours on a software adapter. */
const TESTS = 300;

/** A search, EAP-IG and a whole patched pass, of the shipped model and of GPT-2 small's shape. */
export const PROFILED: readonly ProfiledWork[] = MODELS.flatMap(({ model, quick, threshold, open }) => [
  { name: `${model}: whole pass`, quick, open, bind: bindWholePass },
  { name: `${model}: EAP-IG inputs, 5 steps`, quick, open, bind: bindGradients },
  {
    name: `${model}: search, kl ${threshold}, first ${TESTS} tests`,
    quick,
    open,
    bind: (gpu: ProfiledGpu, opened: Opened, fill: number) => bindSearch(gpu, opened, fill, threshold),
  },
]);

const PATCHED = { metric: 'logit-diff', ablation: 'resample', input: 'token', directEdges: false } as const;

async function bindWholePass(gpu: ProfiledGpu, { model, task }: Opened) {
  const weights = await uploadWeights(gpu, model.spec, model.weights);
  const topology = topologyOf(model);
  const { shape } = planFor(model, topology, task.pairs, false, gpu);
  const evaluator = await PatchingEvaluator.create(weights, topology, task.pairs, {
    ...PATCHED,
    ablation: 'zero', // every position counts
    shape,
    whole: true,
  });
  return {
    run: () => evaluator.metric(EdgeSet.full(topology)),
    dispose: () => {
      evaluator.dispose();
      weights.dispose();
    },
  };
}

async function bindGradients(gpu: ProfiledGpu, { model, task }: Opened) {
  const weights = await uploadWeights(gpu, model.spec, model.weights);
  const options = { method: 'eap-ig-inputs', metric: 'logit-diff', ablation: 'resample', input: 'token' } as const;
  return {
    run: () => attribute(weights, topologyOf(model), task.pairs, options),
    dispose: () => weights.dispose(),
  };
}

class EnoughTests extends Error {}

async function bindSearch(gpu: ProfiledGpu, { model, task }: Opened, fill: number, threshold: number) {
  const options: SearchOptions = { ...PATCHED, metric: 'kl', threshold, absolute: false, senderHeads: 'descending' };
  const search = await openSearch(gpu, model, task, options, fill);
  return {
    async run() {
      let tests = 0;
      try {
        await search.search(() => {
          if (++tests === TESTS) throw new EnoughTests();
        });
      } catch (error) {
        if (!(error instanceof EnoughTests)) throw error;
      }
      await gpu.finished();
    },
    dispose: () => search.dispose(),
  };
}
