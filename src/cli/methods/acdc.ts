import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { predictorOf, type Predictor } from '../../discover/look-ahead.js';
import { CIRCUIT_WRITERS, parseScores, writeDetails, writeTrace } from '../../export/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { readCircuitText } from '../../node/open-files.js';
import { runIdentity, topologyOf } from '../../run.js';
import { DEFAULT_THRESHOLD, detailsOf, type Discovering, type DiscoverOptions } from '../discovering.js';
import { jsonReport, textReport, THRESHOLDS_FILE, thresholdsJson, type FoundFiles } from '../discover-report.js';
import { assertUsable, writeResult } from '../result-folder.js';
import { removeJournals } from '../search-journal.js';
import { runSearches, type Wanted } from '../searches.js';
import { withEngine } from '../session.js';

/** `discover --method acdc`: the circuit at one threshold, at several, or at one that keeps about so many edges. */
export async function discoverByAcdc(discovering: Discovering): Promise<string> {
  const { options, opened, task, search, folder } = discovering;
  const wanted = wantedOf(options);
  refuseTooMany(discovering);
  const predict = await readPredictor(discovering);
  const several = wanted.thresholds.length > 1;
  const folderOf = (threshold: number): string => (several ? join(folder, `threshold-${threshold}`) : folder);
  for (const threshold of wanted.thresholds) {
    const { threshold: own, ...identity } = runIdentity(opened.model, task, { ...search, threshold });
    const run = wanted.edges === undefined ? { ...identity, threshold: own } : identity;
    await assertUsable(folderOf(threshold), run, options.force);
  }

  const { searches, details } = await withEngine(opened.model, options, async (engine) => {
    const made = await runSearches(engine, task, search, wanted, { folder, resume: options.resume, predict });
    const inspected: (CircuitDetails | undefined)[] = [];
    for (const { discovery } of made.wanted) inspected.push(await detailsOf(engine, discovering, discovery));
    return { searches: made, details: inspected };
  });

  const results: FoundFiles[] = [];
  for (const [i, found] of searches.wanted.entries()) {
    const { circuit, trace } = found.discovery;
    const files = await writeResult(folderOf(found.threshold), {
      'circuit.json': CIRCUIT_WRITERS.json(circuit),
      'circuit.gexf': CIRCUIT_WRITERS.gexf(circuit),
      'trace.jsonl': writeTrace(trace),
      'details.json': details[i] && writeDetails(details[i]),
    });
    results.push({ ...found, files });
  }
  const table = searches.all.length > 1 ? join(folder, THRESHOLDS_FILE) : undefined;
  if (table !== undefined) await writeFileAtomically(table, thresholdsJson(searches.all, results));
  await removeJournals(folder);
  return options.json ? jsonReport(results, table) : textReport(results, searches.all, table);
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

/** @throws EdgewiseError of kind usage where more edges are asked for than there are. */
function refuseTooMany({ options: { edges = 0, directEdges }, opened }: Discovering): void {
  const topology = topologyOf(opened.model);
  const most = directEdges ? topology.edgeCount : topology.additionEdges;
  if (edges > most) throw new EdgewiseError('usage', '--edges', `got ${edges}, the model has ${most}`);
}

/** Guesses from the scores of a file. */
async function readPredictor({ options, opened, search }: Discovering): Promise<Predictor | undefined> {
  const { predict } = options;
  if (predict === undefined) return undefined;
  return predictorOf(parseScores(await readCircuitText(predict), predict, topologyOf(opened.model)), search);
}
