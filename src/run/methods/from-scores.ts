import { finiteOrNull } from '../../base/finite-or-null.js';
import { EdgewiseError } from '../../base/errors.js';
import { candidateEdges, keptEdges, type Circuit } from '../../circuit/circuit.js';
import { circuitFromScores } from '../../circuit/scored-circuit.js';
import { scoredEdges, type Scores } from '../../circuit/scores.js';
import { askedOf, mostGreedyEdges, select, type Selection, type SelectionRule } from '../../discover/select.js';
import { smallestFaithful } from '../../discover/smallest.js';
import type { Task } from '../../task/types.js';
import type { RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import type { Engine } from '../engine.js';
import { checkRun } from '../identity.js';
import { DEFAULTS, type Caches, type DiscoverOptions, type OptionNaming } from '../options.js';
import { SCORING_METHODS, type ScoringMethod } from '../scoring-methods.js';
import {
  cachesOf,
  EVALUATION_OPTIONS,
  faithfulnessOf,
  refuseTooMany,
  refuseUnreached,
  thresholdsOf,
  type MethodDefinition,
} from './definition.js';
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
    takes: [
      ...new Set([
        ...EVALUATION_OPTIONS,
        ...scoringOptions,
        'threshold',
        'edges',
        'faithfulness',
        'greedy',
        'signed',
      ] as const),
    ],
    needs: { ablation: needs.ablation },
    metric: DEFAULTS.scoringMetric,
    plan(model, task, options, nameOf) {
      const wanted = faithfulnessOf(options, nameOf);
      const rule = wanted === undefined ? ruleOf(name, options, nameOf) : undefined;
      const caches = cachesOf(options, DEFAULTS.scoringMetric);
      const scoring = planScoring(model, task, { ...given(options, scoringOptions), ...caches, method: name });
      checkRun(model, task, caches);
      refuseTooMany(model, options, nameOf);
      const basis = { rule: options.greedy ? 'greedy' : 'top', absolute: !options.signed, prune: true } as const;
      const { prune: pruned, ...chosenBy } = basis;
      const asked = { selection: rule ? askedOf(rule) : { ...chosenBy, pruned, faithfulness: wanted! } };
      return {
        caches,
        // Information flow has no metric. The circuit is measured by the one asked for all the same.
        identity: { ...scoring.identity, metric: caches.metric },
        asked,
        run: async (engine, aids) => {
          const start = performance.now();
          const scores = await scoring.run(engine, aids, asked);
          const { selection, evaluations } = rule
            ? { selection: select(scores, rule), evaluations: 0 }
            : await fewestEdges(engine, task, caches, scores, { basis, wanted: wanted!, nameOf, aids });
          const found = await measured(engine, task, caches, scores, selection);
          const discovery = {
            ...found,
            evaluations,
            ...(wanted !== undefined && { faithful: { wanted, evaluations } }),
            seconds: (performance.now() - start) / 1000,
          };
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

interface FewestOptions {
  readonly basis: { readonly rule: 'top' | 'greedy'; readonly absolute: boolean; readonly prune: boolean };
  readonly wanted: number;
  readonly nameOf: OptionNaming;
  readonly aids: RunAids;
}

/**
 * Chooses the fewest of the strongest edges that are as faithful as wanted.
 *
 * Cost: about log2(edges) + 3 evaluations.
 *
 * @throws EdgewiseError of kind usage where all edges together are not.
 */
async function fewestEdges(
  engine: Engine,
  task: Task,
  caches: Caches,
  scores: Scores,
  { basis, wanted, nameOf, aids }: FewestOptions,
): Promise<{ readonly selection: Selection; readonly evaluations: number }> {
  const choice = (edges: number): Selection => select(scores, { ...basis, edges });
  const most = basis.rule === 'greedy' ? mostGreedyEdges(scores, basis) : scoredEdges(scores);
  const total = Math.ceil(Math.log2(most)) + 1;
  const search = await engine.search(task, caches);
  try {
    let done = 0;
    const smallest = await smallestFaithful(most, wanted, async (edges) => {
      const faithfulness = await search.faithfulness(choice(edges).kept);
      const progress = { done: ++done, total: Math.max(total, done), measured: done, unit: 'passes' } as const;
      aids.progress?.({ part: 'finding the fewest edges', ...progress });
      return faithfulness;
    });
    if (smallest.count === null) {
      return refuseUnreached(wanted, smallest.faithfulness, `the circuit of all ${most} edges`, nameOf);
    }
    const selection = choice(smallest.count);
    return {
      selection: { ...selection, record: { ...selection.record, faithfulness: wanted } },
      evaluations: smallest.evaluations + 2,
    };
  } finally {
    search.dispose();
  }
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
    rounds: 0,
    wrongGuesses: 0,
    scores,
    selection,
    screening: null,
  };
}
