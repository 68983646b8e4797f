import { EdgewiseError } from '../base/errors.js';
import { createRng } from '../base/rng.js';
import { quote } from '../base/text.js';
import type { PromptPair } from '../task/types.js';

/** Prompts by their index, each as often as it counts. */
export type Rows = readonly number[];

/** As many prompts as there are, drawn with repetition, `draws` times: the bootstrap (Efron 1979). */
export function bootstrapRows(prompts: number, draws: number, seed: number): Rows[] {
  const rng = createRng(seed);
  return Array.from({ length: draws }, () => Array.from({ length: prompts }, () => rng.below(prompts)));
}

/** The prompts without those of one template, for each template in the order of its first prompt. */
export interface LeftOut {
  readonly template: string;
  readonly rows: Rows;
}

/** @throws EdgewiseError of kind task where a prompt does not say its template, or there are fewer than two. */
export function leaveOneTemplateOut(pairs: readonly PromptPair[], source: string): LeftOut[] {
  const without = pairs.find(({ template }) => template === undefined);
  if (without) {
    const what = 'does not say its template (meta.template of a row), so that none can be left out';
    throw new EdgewiseError('task', without.origin ?? source, what);
  }
  const templates = [...new Set(pairs.map(({ template }) => template!))];
  if (templates.length < 2) {
    throw new EdgewiseError('task', source, 'the prompts have one template, expected two or more to leave one out');
  }
  return templates.map((template) => ({
    template,
    rows: pairs.flatMap((pair, row) => (pair.template === template ? [] : [row])),
  }));
}

/**
 * Reads resamples of another program: a list of lists of indices of prompts.
 *
 * @param json the parsed file.
 * @param prompts how many there are.
 * @throws EdgewiseError of kind usage that names the list and the index at fault.
 */
export function readResamples(json: unknown, source: string, prompts: number): Rows[] {
  const fail = (where: string, got: unknown, expected: string): never => {
    throw new EdgewiseError('usage', source, `${where}got ${quote(got)}, expected ${expected}`);
  };
  if (!Array.isArray(json) || json.length < 2) return fail('', json, 'a list of two or more lists of prompt indices');
  return json.map((rows: unknown, draw): Rows => {
    if (!Array.isArray(rows) || rows.length === 0)
      return fail(`[${draw}]: `, rows, 'a list of one prompt index or more');
    rows.forEach((row: unknown, at) => {
      if (Number.isInteger(row) && Number(row) >= 0 && Number(row) < prompts) return;
      fail(`[${draw}][${at}]: `, row, `a prompt's index, a whole number from 0 to ${prompts - 1}`);
    });
    return rows as number[];
  });
}

/**
 * For every prompt another one, each once, drawn at random: a permutation that leaves nothing in its place. As few
 * prompts as can be get from another one what they have themselves: none, where nothing is had by more than half.
 *
 * Prompts that have the same stand side by side, in a random order otherwise, and each gets from the one that stands as
 * far behind it as the largest such group is long.
 *
 * @param own what each prompt has, two prompts or more.
 */
export function derangement(own: readonly string[], seed: number): number[] {
  const order = createRng(seed).sample([...own.keys()], own.length);
  const groups = new Map<string, number[]>();
  for (const prompt of order) groups.set(own[prompt]!, [...(groups.get(own[prompt]!) ?? []), prompt]);
  const grouped = [...groups.values()].flat();
  const largest = Math.max(...[...groups.values()].map((group) => group.length));
  const shift = largest === own.length ? 1 : largest;
  const from = new Array<number>(own.length);
  grouped.forEach((prompt, place) => (from[prompt] = grouped[(place + shift) % grouped.length]!));
  return from;
}
