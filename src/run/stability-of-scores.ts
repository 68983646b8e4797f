import { EdgewiseError } from '../base/errors.js';
import { meanOfPrompts, type PromptScores } from '../circuit/prompt-scores.js';
import { circuitFromScores } from '../circuit/scored-circuit.js';
import type { Scores } from '../circuit/scores.js';
import { askedOf, select, type SelectionRule } from '../discover/select.js';
import type { LoadedModel } from '../model/load-model.js';
import type { FoundCircuit } from '../stability/report.js';
import type { Task } from '../task/types.js';
import type { RunAids } from './aids.js';
import { topologyOf } from './identity.js';
import { ruleOf } from './methods/from-scores.js';
import type { AskedDiscovery } from './methods/index.js';
import { given, ofEdges, planScoring } from './methods/scores.js';
import type { OptionNaming } from './options.js';
import { scoresOfAttribution } from './scoring.js';
import { SCORING_METHODS, type ScoringMethod } from './scoring-methods.js';
import type { CircuitSource } from './stability-source.js';

const PART = 'scoring the null control';

/**
 * Circuits that are chosen from scores, without pruning. Scores are means over prompts, so those of a draw are the
 * means of the scores that its prompts have: one scoring gives all of them. Means of a mean ablation stay those of all
 * prompts.
 *
 * @param kept scores that were kept prompt by prompt, instead of that scoring.
 * @throws EdgewiseError of kind usage or task, as `attribute`.
 */
export function scoredCircuits(
  model: LoadedModel,
  task: Task,
  options: AskedDiscovery & { readonly method: string },
  kept: PromptScores | undefined,
  nameOf: OptionNaming,
): CircuitSource {
  const method = options.method as ScoringMethod;
  const { takes } = SCORING_METHODS[method];
  if (options.directEdges) {
    throw new EdgewiseError(
      'usage',
      nameOf('directEdges'),
      'has no meaning here: scores per prompt are of the other edges',
    );
  }
  const asked = { ...given(options, ofEdges(takes)), method };
  const ruleAt = (threshold?: AskedDiscovery['threshold']): SelectionRule =>
    ruleOf(method, { ...options, ...(threshold !== undefined && { threshold }) }, nameOf, false);
  const rule = ruleAt();
  const scoring = planScoring(model, task, { ...asked, perPrompt: true });
  const edges = topologyOf(model).additionEdges;
  if (kept && (kept.prompts !== task.pairs.length || kept.edges !== edges)) {
    const what = `are of ${kept.prompts} prompts and ${kept.edges} edges, expected ${task.pairs.length} and ${edges}`;
    throw new EdgewiseError('usage', 'scores per prompt', what);
  }
  const circuitOf = (scores: Scores, by = rule): FoundCircuit => ({
    circuit: circuitFromScores(scores, select(scores, by)),
    scores: scores.values.subarray(0, edges),
  });
  return {
    identity: scoring.identity,
    asked: { selection: askedOf(rule) },
    async run(engine, aids, draws, control) {
      const all = task.pairs.map((_, row) => row);
      const prompts = kept ?? (await scoring.run(engine, named(aids, 'all'))).byPrompt!;
      const ofRows = (rows: readonly number[]): Scores => {
        const values = meanOfPrompts(prompts, rows);
        const setting = engine.scoringSetting(task, scoring.options);
        return scoresOfAttribution(setting, {
          granularity: 'edge',
          scores: values,
          edges: values,
          perPrompt: undefined,
        });
      };
      const drawn: (FoundCircuit & { readonly name: string })[] = [];
      for (const [i, draw] of draws.entries()) {
        const part = `scoring the prompts of draw ${i + 1} of ${draws.length}`;
        const scores = draw.task
          ? await planScoring(model, draw.task, asked, part).run(engine, named(aids, `draw-${i + 1}`))
          : ofRows(draw.rows ?? all);
        drawn.push({ name: draw.name, ...circuitOf(scores, draw.options ? ruleAt(draw.options.threshold) : rule) });
      }
      return {
        full: circuitOf(ofRows(all)),
        drawn,
        control:
          control && circuitOf(await planScoring(model, control.task, asked, PART).run(engine, named(aids, 'null'))),
      };
    },
  };
}

/** The journals of one scoring among several. */
function named({ journal, ...aids }: RunAids, name: string): RunAids {
  return journal ? { ...aids, journal: ({ key }) => journal({ name, key: { ...key, draw: name } }) } : aids;
}
