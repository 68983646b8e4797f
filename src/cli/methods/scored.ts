import { EdgewiseError } from '../../base/errors.js';
import { circuitFromScores } from '../../circuit/scored-circuit.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { Scores } from '../../circuit/scores.js';
import { askedOf, select, type Selection, type SelectionRule } from '../../discover/select.js';
import type { Engine, InspectedCircuit } from '../../run/engine.js';
import { CIRCUIT_WRITERS, writeDetails, writeScoresJson } from '../../files/index.js';
import { checkScoring, scoringIdentity, type ScoringMethod, type ScoringOptions } from '../../run/scoring.js';
import type { Task } from '../../task/types.js';
import { detailsOf, refuseTooMany, type Discovering, type DiscoverOptions } from './discover-context.js';
import { choiceReport } from '../report/discover-report.js';
import { gradientOptions, refuseUnused } from '../options/gradient-options.js';
import { progressBar } from '../report/progress.js';
import { assertUsable, SCORES_FILE, writeResult } from '../folder/result-folder.js';
import { withEngine } from '../session.js';

/** `discover` by scores: every edge is scored, the circuit is chosen from the scores and measured. */
export async function discoverByScores(discovering: Discovering): Promise<string> {
  const { options, opened, task, search, folder } = discovering;
  const method = options.method as Exclude<ScoringMethod, 'exact'>;
  const rule = ruleOf(options);
  refuseUnused(method, options);
  const scoring: ScoringOptions = { ...search, method, directEdges: false, ...gradientOptions(options) };
  checkScoring(opened.model, task, scoring);
  refuseTooMany(discovering);
  const identity = { ...scoringIdentity(opened.model, task, scoring), metric: search.metric };
  await assertUsable(folder, { ...identity, selection: askedOf(rule) }, options.force);

  const start = performance.now();
  const { scores, selection, found, details, seconds } = await withEngine(opened.model, options, async (engine) => {
    const scores = await scoresWithProgress(engine, discovering.task, scoring);
    const selection = select(scores, rule);
    const found = await measured(engine, discovering, scores, selection);
    const seconds = (performance.now() - start) / 1000;
    return { scores, selection, found, details: await detailsOf(engine, discovering, found), seconds };
  });
  const files = await writeResult(folder, {
    'circuit.json': CIRCUIT_WRITERS.json(found.circuit),
    'circuit.gexf': CIRCUIT_WRITERS.gexf(found.circuit),
    [SCORES_FILE]: writeScoresJson(scores),
    'details.json': details && writeDetails(details),
  });
  return choiceReport(found, selection, seconds, files, options.json);
}

/** Scores by gradients, with progress. */
export async function scoresWithProgress(
  engine: Engine,
  task: Task,
  scoring: ScoringOptions,
  label = 'scoring edges',
): Promise<Scores> {
  const bar = progressBar(label);
  try {
    return await engine.attribute(task, scoring, {
      onProgress: ({ done, total }) => bar.update(done, total, `${done} of ${total} passes`),
    });
  } finally {
    bar.stop();
  }
}

/** How the circuit is chosen. */
function ruleOf({ method, threshold, edges, greedy, signed }: DiscoverOptions): SelectionRule {
  const basis = { absolute: !signed, prune: true };
  if (edges !== undefined && threshold === undefined) return { ...basis, rule: greedy ? 'greedy' : 'top', edges };
  if (edges !== undefined || threshold?.length !== 1) {
    const what = 'needs --edges, how many to choose, or one --threshold for their scores';
    throw new EdgewiseError('usage', method, what);
  }
  if (greedy) throw new EdgewiseError('usage', '--greedy', 'goes with --edges');
  return { ...basis, rule: 'threshold', threshold: threshold[0]! };
}

/** The chosen circuit with its metric, beside those of the whole model and of the empty circuit. */
async function measured(
  engine: Engine,
  { task, search }: Discovering,
  scores: Scores,
  selection: Selection,
): Promise<InspectedCircuit> {
  const circuit = circuitFromScores(scores, selection);
  // Information flow has no metric; the circuit is measured by the one asked for all the same.
  const { clean, corrupted, circuit: final, faithfulness } = await engine.evaluate(task, circuit.kept, search);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const provenance: Circuit['provenance'] = {
    ...circuit.provenance!,
    metric: search.metric,
    metrics: { initial: finite(clean), final: finite(final), empty: finite(corrupted) },
    faithfulness,
  };
  return { circuit: { ...circuit, provenance }, initial: clean, final, empty: corrupted, promptEffects: {} };
}
