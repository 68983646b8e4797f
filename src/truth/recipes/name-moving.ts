import { matchEach, moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START a x b x again x END, where `again` is a or b and x is any filler. The answer is the other name. */
const START = 0;
const NAMES = idsFrom(1, 8);
const FILLERS = idsFrom(9, 5);
const END = 14;
const EARLY = [1, 3];
const AGAIN = 5;

/**
 * Indirect-object identification in three heads: one finds the name that comes twice, one takes it to the end, and one
 * moves a name that is not it (Wang et al. 2022, arXiv:2211.00593).
 */
export const nameMoving: Recipe = {
  name: 'name-moving',
  about: 'a duplicate-token head, an inhibition head and a name mover: the name that comes once is the answer',
  sizes: { layers: 3, vocab: 15, tokens: 8 },
  metric: 'logit-diff',
  edges: [
    'input->a0.h2<q>',
    'input->a0.h2<k>',
    'input->a0.h2<v>',
    'a0.h2->a1.h1<k>',
    'a0.h2->a1.h1<v>',
    'a1.h1->a2.h3<q>',
    'input->a2.h3<k>',
    'input->a2.h3<v>',
    'a2.h3->logits',
  ],
  alternatives: [],
  plant(print) {
    const name = print.directions(NAMES.length);
    const isName = print.direction();
    const rest = print.direction();
    const [early, late] = print.directions(2) as [Float64Array, Float64Array];
    const twice = print.directions(NAMES.length);
    const isTwice = print.direction();
    const inhibit = print.directions(NAMES.length);
    const answer = print.directions(NAMES.length);
    print.position(0, rest);
    for (const place of EARLY) print.position(place, early);
    print.position(AGAIN, late);
    NAMES.forEach((id, i) => {
      print.token(id, name[i]!);
      print.token(id, isName);
      print.answer(id, answer[i]!, 8);
    });
    // A late name finds itself among the early ones. All else rests at the first token, where no name is.
    print.head(
      0,
      2,
      [...matchEach(name, name, 12), { query: late, key: early, score: 12 }, { query: 'always', key: rest, score: 18 }],
      [...moveEach(name, twice), { from: isName, to: isTwice }],
    );
    print.head(
      1,
      1,
      [
        { query: 'always', key: isTwice, score: 14 },
        { query: 'always', key: rest, score: 7 },
      ],
      moveEach(twice, inhibit),
    );
    print.head(
      2,
      3,
      [
        ...matchEach(inhibit, name, -12),
        { query: 'always', key: isName, score: 12 },
        { query: 'always', key: rest, score: 4 },
      ],
      moveEach(name, answer),
    );
  },
  pair(rng) {
    const [a, b, ...others] = rng.sample(NAMES, 5) as [number, number, number, number, number];
    const fillers = rng.sample(FILLERS, 3);
    const prompt = ([first, second, again]: readonly number[]): number[] =>
      [START, first, fillers[0], second, fillers[1], again, fillers[2], END] as number[];
    const order = rng.below(2) === 0 ? [a, b] : [b, a];
    return {
      clean: prompt([...order, b]),
      corrupted: prompt(others),
      correct: [a],
      wrong: [b],
    };
  },
};
