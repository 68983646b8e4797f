import { EdgewiseError } from '../../base/errors.js';
import type { ExactProgress } from '../../discover/exact.js';
import { withJournal, type RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import type { Engine } from '../engine.js';
import { checkRun, runIdentity } from '../identity.js';
import { DEFAULTS, type DiscoverOptions, type OptionNaming } from '../options.js';
import { SCORING_METHODS } from '../scoring-methods.js';
import { searchAt, searchOptions } from './acdc.js';
import { cachesOf, EVALUATION_OPTIONS, thresholdsOf, type MethodDefinition } from './definition.js';
import { given, ofEdges, planScoring } from './scores.js';

/** The method that scores all edges first, and its options. */
const SCORING = SCORING_METHODS['eap-ig-inputs'];
const SCORING_OPTIONS = ofEdges(SCORING.takes);
const SEARCH_OPTIONS = ['directEdges', 'batch', 'threshold', 'absolute', 'senderHeads', 'journal'] as const;

/** EAP-IG scores all edges, edges near the cutoff are tested exactly, and ACDC prunes what is left. */
export const SCREENED: MethodDefinition = {
  name: 'screened',
  about: 'EAP-IG scores all edges, edges near the cutoff are cut one by one, and ACDC prunes what is left',
  source: `${SCORING.source}, then Conmy et al. 2023 (arXiv:2304.14997)`,
  takes: [
    ...new Set([...EVALUATION_OPTIONS, ...SEARCH_OPTIONS, 'cutoff', 'retest', 'compare', ...SCORING_OPTIONS] as const),
  ],
  needs: { ablation: 'resample' },
  metric: DEFAULTS.searchMetric,
  plan(model, task, options, nameOf) {
    const threshold = thresholdOf(options, nameOf);
    const cutoff = options.cutoff ?? DEFAULTS.cutoffShare * threshold;
    if (!(cutoff > 0)) {
      throw new EdgewiseError('usage', nameOf('cutoff'), `got ${cutoff}, expected a number above 0`);
    }
    const retest = options.retest ?? DEFAULTS.retest;
    const caches = cachesOf(options, SCREENED.metric);
    if (caches.ablation !== 'resample') {
      const why = "because EAP-IG's scores need a corrupted prompt to go to";
      const what = `got ${caches.ablation}; screened takes resample only, ${why}`;
      throw new EdgewiseError('usage', nameOf('ablation'), what);
    }
    const { directEdges: _, batch: __, ...evaluation } = caches;
    const scoring = planScoring(model, task, {
      ...given(options, SCORING_OPTIONS),
      ...evaluation,
      method: SCORING.name,
    });
    checkRun(model, task, caches);
    const search = { ...searchOptions(options), threshold };
    const identity = { ...scoring.identity, ...runIdentity(model, task, caches, search), method: 'screened' };
    const asked = { screening: { cutoff, limit: retest } };
    const record = { ...identity, ...asked };
    const run = async (engine: Engine, aids: RunAids): Promise<Discovery> => {
      engine.assertFits(task, caches); // rather than after minutes of scoring
      const clock = stopwatch();
      const scores = await scoring.run(engine, aids);
      const scoringSeconds = clock();
      const searches = await engine.search(task, caches);
      try {
        const from = await withJournal(aids, engine, 'retest', record, ({ journal }) =>
          searches.screen(scores, { cutoff, retest }, progressOf(aids), journal),
        );
        const retests = clock();
        const discovery = await withJournal(aids, engine, undefined, record, (journal) =>
          searchAt(searches, search, 'testing edges', aids, journal, from),
        );
        aids.found?.(threshold, discovery);
        const seconds = clock();
        const plain = options.compare
          ? await withJournal(aids, engine, 'plain', record, (journal) =>
              searchAt(searches, search, 'testing edges from the whole model', aids, journal),
            )
          : null;
        return { ...discovery, scores, screening: { scoring: scoringSeconds, retests, search: seconds, plain } };
      } finally {
        searches.dispose();
      }
    };
    return {
      caches,
      identity,
      asked,
      run: async (engine, aids) => {
        const discovery = await run(engine, aids);
        return { chosen: [discovery], all: [discovery] };
      },
    };
  },
};

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const seconds = (performance.now() - last) / 1000;
    last = performance.now();
    return seconds;
  };
}

function thresholdOf(options: DiscoverOptions, nameOf: OptionNaming): number {
  const [threshold, ...further] = thresholdsOf(options, nameOf);
  const where = nameOf('threshold');
  if (further.length > 0) throw new EdgewiseError('usage', where, 'screened searches at one');
  if (!(threshold! > 0)) throw new EdgewiseError('usage', where, `got ${threshold}, screened needs one above 0`);
  return threshold!;
}

function progressOf({ progress }: RunAids) {
  return (of: ExactProgress): void => progress?.({ part: 'testing edges near the cutoff', unit: 'edges', ...of });
}
