import { EdgewiseError } from '../../base/errors.js';
import type { Journal } from '../../discover/journal.js';
import { hintOf, type Hint } from '../../discover/guesses.js';
import { thresholdFor } from '../../discover/threshold-search.js';
import { withJournal, type RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import { checkRun, runIdentity } from '../identity.js';
import { DEFAULTS, type DiscoverOptions, type OptionNaming, type SearchOptions } from '../options.js';
import type { SearchStart } from '../search-setting.js';
import type { Search } from '../search.js';
import { smallestFrom } from './smallest.js';
import {
  cachesOf,
  EVALUATION_OPTIONS,
  faithfulnessOf,
  refuseTooMany,
  thresholdsOf,
  type Discoveries,
  type MethodDefinition,
  type SearchPlan,
} from './definition.js';

/** Search by ACDC: the circuit at one threshold, at several, or at one that keeps about so many edges. */
export const ACDC: MethodDefinition = {
  name: 'acdc',
  about:
    'goes through the ports from the logits back and removes every edge whose removal costs less than the threshold',
  source: 'Conmy et al. 2023 (arXiv:2304.14997)',
  takes: [
    ...EVALUATION_OPTIONS,
    'directEdges',
    'batch',
    'threshold',
    'edges',
    'faithfulness',
    'absolute',
    'senderHeads',
    'predict',
    'journal',
  ],
  needs: { ablation: 'any' },
  metric: DEFAULTS.searchMetric,
  plan(model, task, options, nameOf) {
    const thresholds = thresholdsOf(options, nameOf);
    const plan = searchPlan(thresholds, options, nameOf);
    refuseTooMany(model, options, nameOf);
    const caches = cachesOf(options, ACDC.metric);
    checkRun(model, task, caches);
    const search = searchOptions(options);
    const { threshold: _, ...identity } = runIdentity(model, task, caches, { ...search, threshold: thresholds[0]! });
    const single = plan.thresholds === null && plan.edges === null && plan.faithfulness === undefined;
    const asked = { ...plan, ...(single && { threshold: thresholds[0]! }) };
    return {
      caches,
      identity,
      asked,
      run: async (engine, aids) => {
        const searches = await engine.search(task, caches);
        try {
          const at = async (threshold: number): Promise<Discovery> => {
            const { predict } = options;
            const key = { ...identity, ...asked, threshold };
            const discovery = await withJournal(aids, engine, single ? undefined : String(threshold), key, (journal) =>
              searchAt(searches, { ...search, threshold }, single ? SEARCH : `${SEARCH} at ${threshold}`, aids, {
                ...journal,
                ...(predict && { hint: hintOf(predict, { threshold, absolute: search.absolute }) }),
              }),
            );
            aids.found?.(threshold, discovery);
            return discovery;
          };
          const { faithfulness } = plan;
          return faithfulness === undefined
            ? await searchAll(thresholds, plan, at)
            : await smallestFrom(thresholds[0]!, faithfulness, at, searches, aids, nameOf);
        } finally {
          searches.dispose();
        }
      },
    };
  },
};

const SEARCH = 'testing edges';

export function searchOptions({
  absolute = false,
  senderHeads = DEFAULTS.senderHeads,
}: DiscoverOptions): Omit<SearchOptions, 'threshold'> {
  return { absolute, senderHeads };
}

/** One search with its progress. */
export function searchAt(
  searches: Search,
  options: SearchOptions,
  part: string,
  { progress }: RunAids,
  aids: { readonly journal?: Journal; readonly hint?: Hint },
  from?: SearchStart,
): Promise<Discovery> {
  return searches.at(
    options,
    {
      ...aids,
      onProgress: ({ tested, measured, kept, decided, total, work }) =>
        progress?.({
          part,
          done: decided,
          total,
          unit: 'edges',
          measured,
          ...(work && { work }),
          search: { tested, kept },
        }),
    },
    from,
  );
}

/** @throws EdgewiseError of kind usage where the options contradict each other. */
function searchPlan(thresholds: readonly number[], options: DiscoverOptions, nameOf: OptionNaming): SearchPlan {
  const { edges } = options;
  const faithfulness = faithfulnessOf(options, nameOf);
  if (faithfulness !== undefined) return { thresholds: null, edges: null, start: thresholds[0]!, faithfulness };
  if (edges === undefined) {
    const several = thresholds.length > 1 ? thresholds.toSorted((a, b) => b - a) : null;
    return { thresholds: several, edges: null, start: null };
  }
  const [first, ...further] = thresholds;
  if (further.length > 0) {
    const what = `finds one threshold; ${nameOf('threshold')} says where to start, so give one`;
    throw new EdgewiseError('usage', nameOf('edges'), what);
  }
  if (!(first! > 0)) {
    const what = `got ${first}; ${nameOf('edges')} needs one above 0 to start at`;
    throw new EdgewiseError('usage', nameOf('threshold'), what);
  }
  return { thresholds: null, edges, start: first! };
}

/** Makes all searches of a run. */
async function searchAll(
  thresholds: readonly number[],
  { edges, start }: SearchPlan,
  at: (threshold: number) => Promise<Discovery>,
): Promise<Discoveries> {
  const found = new Map<number, Discovery>();
  const search = async (threshold: number): Promise<Discovery> => {
    const discovery = await at(threshold);
    found.set(threshold, discovery);
    return discovery;
  };
  let chosen = thresholds;
  if (edges === null) {
    // From the highest on: what keeps few edges is quick, and each search takes over what the one before measured.
    for (const threshold of thresholds.toSorted((a, b) => b - a)) await search(threshold);
  } else {
    const { closest } = await thresholdFor(edges, start!, async (threshold) => (await search(threshold)).kept);
    chosen = [closest.threshold];
  }
  return {
    chosen: chosen.map((threshold) => found.get(threshold)!),
    all: [...found].sort(([a], [b]) => a - b).map(([, discovery]) => discovery),
  };
}
