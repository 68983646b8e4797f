import { createScores, type Scores } from '../circuit/scores.js';
import type { Circuit } from '../circuit/circuit.js';
import type { LoadedModel } from '../model/load-model.js';
import type { FoundCircuit } from '../stability/report.js';
import type { Task } from '../task/types.js';
import type { RunAids, RunProgress } from './aids.js';
import { planDiscovery, type AskedDiscovery } from './methods/index.js';
import type { OptionNaming } from './options.js';
import type { CircuitSource, Draw } from './stability-source.js';

/** All searches are one piece of work. */
const PART = 'testing edges of all searches';

/**
 * Circuits that are searched for. The prompts of a draw are a task of their own, so that every search is the one that
 * `discover` makes, with its journals.
 *
 * @throws EdgewiseError of kind usage or task, as `discover`.
 */
export function searchedCircuits(
  model: LoadedModel,
  task: Task,
  options: AskedDiscovery,
  nameOf: OptionNaming,
): CircuitSource {
  const { identity, asked } = planDiscovery(model, task, options, nameOf);
  return {
    identity,
    asked,
    async run(engine, aids, draws, control) {
      const searches = 1 + draws.length + (control ? 1 : 0);
      let made = 0;
      let measured = 0;
      const search = async (name: string, on: Task, other: Draw['options'], guess?: Scores): Promise<Circuit> => {
        const predict = options.predict ?? guess;
        const plan = planDiscovery(model, on, { ...options, ...other, ...(predict && { predict }) }, nameOf);
        const tell = (progress: RunProgress): void => {
          const { done, total, unit } = progress;
          const sum = measured + progress.measured;
          aids.progress?.({ part: PART, done: made * total + done, total: searches * total, unit, measured: sum });
        };
        const found = await plan.run(engine, { progress: tell, ...journalOf(aids, name, on.pairs.length) });
        measured += found.all.reduce((sum, { evaluations }) => sum + evaluations, 0);
        made++;
        return found.chosen[0]!.circuit;
      };
      const full = await search('all', task, undefined);
      const guess = options.method === 'acdc' ? effectsOf(full) : undefined;
      const drawn: (FoundCircuit & { readonly name: string })[] = [];
      for (const [i, draw] of draws.entries()) {
        const on = draw.task ?? (draw.rows ? { ...task, pairs: draw.rows.map((row) => task.pairs[row]!) } : task);
        const circuit = await search(`draw-${i + 1}`, on, draw.options, guess);
        drawn.push({ name: draw.name, circuit, scores: undefined });
      }
      const shuffled = control && (await search('null', control.task, undefined, guess));
      return {
        full: { circuit: full, scores: undefined },
        drawn,
        control: shuffled && { circuit: shuffled, scores: undefined },
      };
    },
  };
}

/** What a search decided by, from which another one guesses its decisions. */
function effectsOf({ topology, width, effects, provenance }: Circuit): Scores | undefined {
  const { threshold } = provenance!;
  if (threshold === null || effects.every(Number.isNaN)) return undefined;
  const values = effects.map((effect) => (Number.isFinite(effect) ? effect : Number.NaN));
  return createScores({
    topology,
    width,
    values,
    positive: 'helps',
    nodes: null,
    neurons: null,
    perPrompt: null,
    provenance: null,
  });
}

/** The journals of one search among several. @param prompts how many it has. */
function journalOf({ journal }: RunAids, name: string, prompts: number): RunAids {
  if (!journal) return {};
  return {
    journal: ({ name: word, key }) =>
      journal({ name: word === undefined ? name : `${name}-${word}`, key: { ...key, draw: name }, prompts }),
  };
}
