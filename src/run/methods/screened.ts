import { EdgewiseError } from '../../base/errors.js';
import type { Scores } from '../../circuit/scores.js';
import type { ExactProgress } from '../../discover/exact.js';
import { withJournal, type RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import type { Engine } from '../engine.js';
import { checkRun, runIdentity } from '../identity.js';
import { DEFAULTS, type DiscoverOptions, type OptionNaming } from '../options.js';
import { SCORING_METHODS } from '../scoring-methods.js';
import type { Search } from '../search.js';
import { searchAt, searchOptions } from './acdc.js';
import { smallestFrom } from './smallest.js';
import { cachesOf, EVALUATION_OPTIONS, faithfulnessOf, thresholdsOf, type MethodDefinition } from './definition.js';
import { given, ofEdges, planScoring } from './scores.js';

/** The method that scores all edges first, and its options. */
const SCORING = SCORING_METHODS['eap-ig-inputs'];
const SCORING_OPTIONS = ofEdges(SCORING.takes);
const SEARCH_OPTIONS = [
  'directEdges',
  'batch',
  'threshold',
  'faithfulness',
  'absolute',
  'senderHeads',
  'journal',
] as const;

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
    const wanted = faithfulnessOf(options, nameOf);
    const threshold = thresholdOf(options, nameOf);
    const cutoffAt = (at: number): number => options.cutoff ?? DEFAULTS.cutoffShare * at;
    if (!(cutoffAt(threshold) > 0)) {
      throw new EdgewiseError('usage', nameOf('cutoff'), `got ${options.cutoff}, expected a number above 0`);
    }
    if (wanted !== undefined && options.compare) {
      const what = `compares searches at one threshold, of which ${nameOf('faithfulness')} makes several`;
      throw new EdgewiseError('usage', nameOf('compare'), what);
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
    const search = searchOptions(options);
    const { threshold: _threshold, ...settings } = {
      ...scoring.identity,
      ...runIdentity(model, task, caches, { ...search, threshold }),
      method: 'screened',
    };
    const screening = { cutoff: cutoffAt(threshold), limit: retest };
    const asked =
      wanted === undefined
        ? { screening }
        : { screening, thresholds: null, edges: null, start: threshold, faithfulness: wanted };
    /** Where there are several searches, the threshold tells their journals apart. */
    const journalName = (part: string | undefined, at: number): string | undefined =>
      wanted === undefined ? part : [part, at].filter((word) => word !== undefined).join('-');

    /** A screening at a threshold, and the search from what it leaves. */
    const searchFrom = async (engine: Engine, searches: Search, scored: Scored, at: number, aids: RunAids) => {
      const clock = stopwatch();
      const record = { ...settings, ...asked, threshold: at };
      const options_ = { ...search, threshold: at };
      const from = await withJournal(aids, engine, journalName('retest', at), record, ({ journal }) =>
        searches.screen(scored.scores, { cutoff: cutoffAt(at), retest }, progressOf(aids), journal),
      );
      const retests = clock();
      const part = wanted === undefined ? 'testing edges' : `testing edges at ${at}`;
      const discovery = await withJournal(aids, engine, journalName(undefined, at), record, (journal) =>
        searchAt(searches, options_, part, aids, journal, from),
      );
      aids.found?.(at, discovery);
      const seconds = clock();
      const plain = options.compare
        ? await withJournal(aids, engine, 'plain', record, (journal) =>
            searchAt(searches, options_, 'testing edges from the whole model', aids, journal),
          )
        : null;
      const { scores, seconds: scoring } = scored;
      return { ...discovery, scores, screening: { scoring, retests, search: seconds, plain } };
    };
    return {
      caches,
      identity: wanted === undefined ? { ...settings, threshold } : settings,
      asked,
      run: async (engine, aids) => {
        engine.assertFits(task, caches); // rather than after minutes of scoring
        const clock = stopwatch();
        const scores = await scoring.run(engine, aids);
        const scored = { scores, seconds: clock() };
        const searches = await engine.search(task, caches);
        const at = (one: number): Promise<Discovery> => searchFrom(engine, searches, scored, one, aids);
        try {
          if (wanted !== undefined) return await smallestFrom(threshold, wanted, at, searches, aids, nameOf);
          const discovery = await at(threshold);
          return { chosen: [discovery], all: [discovery] };
        } finally {
          searches.dispose();
        }
      },
    };
  },
};

interface Scored {
  readonly scores: Scores;
  readonly seconds: number;
}

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
