import { basename, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { CircuitDetails } from '../../circuit/details.js';
import type { Scores } from '../../circuit/scores.js';
import { CIRCUIT_WRITERS, parseScores, writeDetails, writeTrace } from '../../files/index.js';
import { readCircuitText } from '../../node/open-files.js';
import { runIdentity, topologyOf } from '../../run/identity.js';
import {
  DEFAULT_THRESHOLD,
  detailsOf,
  refuseTooMany,
  type Discovering,
  type DiscoverOptions,
} from './discover-context.js';
import { jsonReport, textReport, type FoundFiles } from '../report/discover-report.js';
import { assertUsable, removeParts, writeResult } from '../folder/result-folder.js';
import { assertResumes, removeJournals } from '../folder/search-journal.js';
import { runSearches, type AskedThresholds, type Wanted } from './threshold-searches.js';
import { withEngine } from '../session.js';
import { THRESHOLDS_FILE, thresholdsJson } from '../folder/thresholds-file.js';

/** Folders of a run at several thresholds. */
const PART = 'threshold-';
const isPart = (name: string): boolean => name.startsWith(PART);

/** `discover --method acdc`: the circuit at one threshold, at several, or at one that keeps about so many edges. */
export async function discoverByAcdc(discovering: Discovering): Promise<string> {
  const { options, opened, task, search, folder } = discovering;
  const wanted = wantedOf(options);
  refuseTooMany(discovering);
  const predict = await readPredictor(discovering);
  const several = wanted.thresholds.length > 1;
  const folderOf = (threshold: number): string => (several ? join(folder, `${PART}${threshold}`) : folder);
  const { threshold: _, ...identity } = runIdentity(opened.model, task, search);
  const single = !several && wanted.edges === undefined;
  const asked = askedOf(wanted);
  const run = { ...identity, ...asked, ...(single && { threshold: wanted.thresholds[0] }) };
  await assertUsable(folder, run, options.force, (name) => several && isPart(name));
  if (several) {
    for (const threshold of wanted.thresholds) {
      await assertUsable(folderOf(threshold), { ...identity, threshold }, options.force);
    }
  }
  if (options.resume) await assertResumes(folder, run);

  const { searches, details } = await withEngine(opened.model, options, async (engine) => {
    const made = await runSearches(engine, task, search, wanted, { folder, resume: options.resume, predict, asked });
    const inspected: (CircuitDetails | undefined)[] = [];
    for (const { discovery } of made.wanted) inspected.push(await detailsOf(engine, discovering, discovery));
    return { searches: made, details: inspected };
  });

  const results: FoundFiles[] = [];
  const table = (): string => thresholdsJson(identity, asked, searches.all, searches.wanted);
  for (const [i, found] of searches.wanted.entries()) {
    const { circuit, trace } = found.discovery;
    const files = await writeResult(folderOf(found.threshold), {
      ...(wanted.edges !== undefined && { [THRESHOLDS_FILE]: table() }),
      'circuit.json': CIRCUIT_WRITERS.json(circuit),
      'circuit.gexf': CIRCUIT_WRITERS.gexf(circuit),
      'trace.jsonl': writeTrace(trace),
      'details.json': details[i] && writeDetails(details[i]),
    });
    results.push({ ...found, files: files.filter((path) => basename(path) !== THRESHOLDS_FILE) });
  }
  if (several) await writeResult(folder, { [THRESHOLDS_FILE]: table() });
  if (options.force) {
    const parts = several ? wanted.thresholds.map((threshold) => basename(folderOf(threshold))) : [];
    await removeParts(folder, (name) => isPart(name) && !parts.includes(name));
  }
  await removeJournals(folder);
  const tablePath = single ? undefined : join(folder, THRESHOLDS_FILE);
  return options.json ? jsonReport(results, tablePath) : textReport(results, searches.all, tablePath);
}

/** @throws EdgewiseError of kind usage where the options contradict each other. */
function wantedOf({ threshold: thresholds = [DEFAULT_THRESHOLD], edges }: DiscoverOptions): Wanted {
  if (edges === undefined) return { thresholds };
  const [first, ...further] = thresholds;
  if (further.length > 0) {
    throw new EdgewiseError('usage', '--edges', 'finds one threshold; --threshold says where to start, so give one');
  }
  if (!(first! > 0)) {
    throw new EdgewiseError('usage', '--threshold', `got ${first}; --edges needs one above 0 to start at`);
  }
  return { edges, thresholds: [first!] };
}

function askedOf({ thresholds, edges }: Wanted): AskedThresholds {
  if (edges !== undefined) return { thresholds: null, edges, start: thresholds[0] };
  return { thresholds: thresholds.length > 1 ? thresholds.toSorted((a, b) => b - a) : null, edges: null, start: null };
}

/** Scores to guess decisions from. */
async function readPredictor({ options, opened }: Discovering): Promise<Scores | undefined> {
  const { predict } = options;
  if (predict === undefined) return undefined;
  return parseScores(await readCircuitText(predict), predict, topologyOf(opened.model));
}
