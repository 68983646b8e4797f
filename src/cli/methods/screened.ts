import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { Scores } from '../../circuit/scores.js';
import { CIRCUIT_WRITERS, writeDetails, writeScoresJson, writeTrace } from '../../files/index.js';
import { runIdentity } from '../../run/identity.js';
import { checkScoring, scoringIdentity, type ScoringOptions } from '../../run/scoring.js';
import type { Search, SearchStart } from '../../run/search.js';
import { VERSION } from '../../version.js';
import { screenedReport, type Screened } from '../report/discover-report.js';
import { DEFAULT_THRESHOLD, detailsOf, type Discovering } from './discover-context.js';
import { gradientOptions } from '../options/gradient-options.js';
import { withJournal } from '../folder/with-journal.js';
import { assertUsable, SCORES_FILE, writeResult } from '../folder/result-folder.js';
import {
  assertResumes,
  journalFile,
  openJournal,
  removeJournals,
  type SearchJournal,
} from '../folder/search-journal.js';
import { searchAt } from './threshold-searches.js';
import { withEngine } from '../session.js';
import { scoresWithProgress } from './scored.js';

/** Scores this far below the threshold still go into the search: edges matter more once others are gone. */
const CUTOFF_SHARE = 0.1;
const DEFAULT_RETEST = 200;

/** `discover --method screened`: EAP-IG scores all edges, those near the cutoff are tested exactly, ACDC prunes what is left. */
export async function discoverScreened(discovering: Discovering): Promise<string> {
  const { options, opened, task, search, folder } = discovering;
  const threshold = thresholdOf(discovering);
  const cutoff = options.screen ?? CUTOFF_SHARE * threshold;
  if (!(cutoff > 0)) throw new EdgewiseError('usage', '--screen', `got ${cutoff}, expected a number above 0`);
  const retest = options.retest ?? DEFAULT_RETEST;
  if (search.ablation !== 'resample') {
    const what = `got ${search.ablation}; screened takes resample only, because EAP-IG's scores need a corrupted prompt to go to`;
    throw new EdgewiseError('usage', '--ablation', what);
  }
  const scoring: ScoringOptions = {
    ...search,
    method: 'eap-ig-inputs',
    directEdges: false,
    ...gradientOptions(options),
  };
  checkScoring(opened.model, task, scoring);
  const identity = {
    ...scoringIdentity(opened.model, task, scoring),
    ...runIdentity(opened.model, task, { ...search, threshold }),
    method: 'screened',
  };
  await assertUsable(folder, { ...identity, screening: { cutoff, limit: retest } }, options.force);

  if (options.resume) await assertResumes(folder, { ...identity, cutoff, retest });

  const made = await withEngine(opened.model, options, async (engine) => {
    const open = (word?: string): Promise<SearchJournal> => {
      const key = { ...identity, cutoff, retest, engine: VERSION, adapter: engine.gpu.adapter, tile: engine.gpu.tile };
      return openJournal(join(folder, journalFile(word)), key, engine.topology, options.resume);
    };
    engine.assertFits(task, search); // rather than after minutes of scoring
    const clock = stopwatch();
    const scores = await scoresWithProgress(engine, task, scoring);
    const scoringSeconds = clock();
    const run = await engine.search(task, search);
    let found: Pick<Screened, 'discovery' | 'cost'>;
    try {
      const from = await screenWith(run, scores, { cutoff, retest }, await open('retest'));
      const retests = clock();
      const discovery = await searchAt(run, threshold, 'testing edges', await open(), { from });
      const cost = { scoring: scoringSeconds, retests, search: clock() };
      const plain = options.compare
        ? await searchAt(run, threshold, 'testing edges from the whole model', await open('plain'))
        : undefined;
      found = { discovery, cost: { ...cost, plain } };
    } finally {
      run.dispose();
    }
    return { ...found, scores, details: await detailsOf(engine, discovering, found.discovery) };
  });

  const { scores, discovery, cost, details } = made;
  const files = await writeResult(folder, {
    'circuit.json': CIRCUIT_WRITERS.json(discovery.circuit),
    'circuit.gexf': CIRCUIT_WRITERS.gexf(discovery.circuit),
    'trace.jsonl': writeTrace(discovery.trace),
    [SCORES_FILE]: writeScoresJson(scores),
    'details.json': details && writeDetails(details),
  });
  await removeJournals(folder);
  return screenedReport({ discovery, cost }, files, options.json);
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

function thresholdOf({ options: { threshold: thresholds = [DEFAULT_THRESHOLD], edges } }: Discovering): number {
  const [threshold, ...further] = thresholds;
  if (further.length > 0) throw new EdgewiseError('usage', '--threshold', 'screened searches at one');
  if (!(threshold! > 0))
    throw new EdgewiseError('usage', '--threshold', `got ${threshold}, screened needs one above 0`);
  if (edges !== undefined) throw new EdgewiseError('usage', '--edges', 'has no meaning for screened');
  return threshold!;
}

function screenWith(
  run: Search,
  scores: Scores,
  options: { readonly cutoff: number; readonly retest: number },
  journal: SearchJournal,
): Promise<SearchStart> {
  return withJournal('testing edges near the cutoff', journal, (bar, made) =>
    run.screen(
      scores,
      options,
      ({ done, measured, total }) => {
        made(done);
        bar.update(done, total, `${done} of ${total}`, measured);
      },
      journal,
    ),
  );
}
