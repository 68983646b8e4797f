import { EdgewiseError } from '../../base/errors.js';
import type { EdgeSet } from '../../circuit/edge-set.js';
import { circuitNodes } from '../../circuit/records.js';
import { createScores, scoredEdges, type Scores } from '../../circuit/scores.js';
import { strictInterchange, writeEapIgScores } from './eap-ig.js';
import { quote } from '../../base/text.js';

/**
 * Sizes that MIB measures circuits at, in per cent of the model's edges. Its evaluation takes nine circuits, by size,
 * and adds the whole model itself: a tenth would move all others to wrong sizes.
 */
export const MIB_PERCENTAGES = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50] as const;

/** Texts of files by their paths, `task_model/name.json`. */
export type FolderTexts = Readonly<Record<string, string>>;

/**
 * A folder of a submission to MIB's circuit track, first form: one file of importances, from which MIB chooses itself
 * (for CPR by score, for CMD by |score|).
 *
 * @param taskModel the folder's name, such as `ioi_gpt2`.
 * @throws EdgewiseError kind `usage` for another kind of name, `circuit` where the model's width is not known.
 */
export function mibImportances(scores: Scores, taskModel: string): FolderTexts {
  return { [`${folderName(taskModel)}/importances.json`]: writeEapIgScores(scores) };
}

/**
 * The second form: a circuit for each of MIB_PERCENTAGES, of at most so many of the model's edges (rounded down). Edges
 * have `score` 1 where they are in the circuit, else 0: EAP-IG's `from_json` requires a score.
 *
 * @param choose the best so many edges of scores without direct edges, which MIB does not know; pruned or not.
 */
export function mibCircuits(
  scores: Scores,
  taskModel: string,
  choose: (scores: Scores, edges: number) => EdgeSet,
): FolderTexts {
  const { topology } = scores;
  const folder = folderName(taskModel);
  const values = scores.values.map((value, id) => (id < topology.additionEdges ? value : NaN));
  const plain = createScores({ ...scores, values });
  const scored = scoredEdges(plain);
  const files = MIB_PERCENTAGES.map((percentage) => {
    const edges = Math.min(scored, Math.floor((percentage * topology.additionEdges) / 100));
    const kept = choose(plain, edges);
    const nodes = circuitNodes({ topology, kept, directTested: false });
    const text = strictInterchange(scores, {
      node: (name) => ({ in_graph: nodes.has(name) }),
      edge: (id) => ({ score: Number(kept.has(id)), in_graph: kept.has(id) }),
    });
    return [`${folder}/${percentage}.json`, text];
  });
  return Object.fromEntries(files) as FolderTexts;
}

function folderName(taskModel: string): string {
  if (/^[a-z0-9-]+_[a-z0-9.-]+$/.test(taskModel) && !taskModel.includes('..')) return taskModel;
  throw new EdgewiseError(
    'usage',
    'task_model',
    `got ${quote(taskModel)}, expected a task and a model, such as ioi_gpt2`,
  );
}
