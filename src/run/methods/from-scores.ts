import { finiteOrNull } from '../../base/finite-or-null.js';
import { EdgewiseError } from '../../base/errors.js';
import { candidateEdges, keptEdges, type Circuit } from '../../circuit/circuit.js';
import { circuitFromScores } from '../../circuit/scored-circuit.js';
import type { Scores } from '../../circuit/scores.js';
import { askedOf, select, type Selection, type SelectionRule } from '../../discover/select.js';
import type { Task } from '../../task/types.js';
import type { Discovery } from '../discovery.js';
import type { Engine } from '../engine.js';
import { checkRun } from '../identity.js';
import { DEFAULTS, type Caches, type DiscoverOptions, type OptionNaming } from '../options.js';
import { SCORING_METHODS, type ScoringMethod } from '../scoring-methods.js';
import { cachesOf, EVALUATION_OPTIONS, refuseTooMany, thresholdsOf, type MethodDefinition } from './definition.js';
import { given, ofEdges, planScoring } from './scores.js';

/** Discovery from scores: every edge is scored, the circuit is chosen from the scores, and measured. */
export function fromScores(name: ScoringMethod): MethodDefinition {
  const { about, source, takes, needs } = SCORING_METHODS[name];
  const scoringOptions = ofEdges(takes);
  return {
    name,
    about,
    source,
    // The chosen circuit is measured, also where the scores need no metric and no ablation.
    takes: [...new Set([...EVALUATION_OPTIONS, ...scoringOptions, 'threshold', 'edges', 'greedy', 'signed'] as const)],
    needs: { ablation: needs.ablation },
    metric: DEFAULTS.scoringMetric,
    plan(model, task, options, nameOf) {
      const rule = ruleOf(name, options, nameOf);
      const caches = cachesOf(options, DEFAULTS.scoringMetric);
      const scoring = planScoring(model, task, { ...given(options, scoringOptions), ...caches, method: name });
      checkRun(model, task, caches);
      refuseTooMany(model, options, nameOf);
      const asked = { selection: askedOf(rule) };
      return {
        caches,
        // Information flow has no metric. The circuit is measured by the one asked for all the same.
        identity: { ...scoring.identity, metric: caches.metric },
        asked,
        run: async (engine, aids) => {
          const start = performance.now();
          const scores = await scoring.run(engine, aids, asked);
          const selection = select(scores, rule);
          const found = await measured(engine, task, caches, scores, selection);
          const discovery = { ...found, seconds: (performance.now() - start) / 1000 };
          return { chosen: [discovery], all: [discovery] };
        },
      };
    },
  };
}

/**
 * How the circuit is chosen.
 *
 * @param prune remove what is on no path from `input` to `logits`.
 * @throws EdgewiseError of kind usage where the options contradict each other.
 */
export function ruleOf(
  method: string,
  { threshold, edges, greedy = false, signed = false }: DiscoverOptions,
  nameOf: OptionNaming,
  prune = true,
): SelectionRule {
  const basis = { absolute: !signed, prune };
  if (edges !== undefined && threshold === undefined) return { ...basis, rule: greedy ? 'greedy' : 'top', edges };
  const thresholds = threshold === undefined ? [] : thresholdsOf({ threshold }, nameOf);
  if (edges !== undefined || thresholds.length !== 1) {
    const what = `needs ${nameOf('edges')}, how many to choose, or one ${nameOf('threshold')} for their scores`;
    throw new EdgewiseError('usage', method, what);
  }
  if (greedy) throw new EdgewiseError('usage', nameOf('greedy'), `goes with ${nameOf('edges')}`);
  return { ...basis, rule: 'threshold', threshold: thresholds[0]! };
}

/** The chosen circuit with its metric, and the metrics of the whole model and of the empty circuit. */
async function measured(
  engine: Engine,
  task: Task,
  caches: Caches,
  scores: Scores,
  selection: Selection,
): Promise<Omit<Discovery, 'seconds'>> {
  const chosen = circuitFromScores(scores, selection);
  const names = ['metric', 'faithfulness'] as const;
  const { clean, corrupted, circuit: final, faithfulness } = await engine.evaluate(task, chosen, caches, names);
  const circuit: Circuit = {
    ...chosen,
    provenance: {
      ...chosen.provenance!,
      metric: caches.metric,
      metrics: { initial: finiteOrNull(clean), final: finiteOrNull(final), empty: finiteOrNull(corrupted) },
      faithfulness,
    },
  };
  return {
    circuit,
    faithfulness,
    initial: clean,
    final,
    empty: corrupted,
    kept: keptEdges(circuit),
    edges: candidateEdges(circuit),
    trace: [],
    promptEffects: {},
    tested: 0,
    evaluations: 0,
    scores,
    selection,
    screening: null,
  };
}
