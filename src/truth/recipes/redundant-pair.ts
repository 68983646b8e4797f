import { matchEach, moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START x a b x x a, where x is any filler. The answer is b, which came after a. */
const START = 0;
const SYMBOLS = idsFrom(1, 8);
const FILLERS = idsFrom(9, 5);
const TOKENS = 7;

/**
 * Induction (Olsson et al. 2022, arXiv:2209.11895) with two previous-token heads that do the same. The softmax of the
 * induction head is as good as saturated with either.
 */
export const redundantPair: Recipe = {
  name: 'redundant-pair',
  about: 'two equal previous-token heads feed the keys of one induction head, whose softmax saturates with either',
  sizes: { layers: 2, vocab: 14, tokens: TOKENS },
  metric: 'logit-diff',
  edges: [
    'input->a0.h0<v>',
    'a0.h0->a1.h2<k>',
    'input->a0.h3<v>',
    'a0.h3->a1.h2<k>',
    'input->a1.h2<q>',
    'input->a1.h2<v>',
    'a1.h2->logits',
  ],
  alternatives: [
    ['input->a0.h0<v>', 'a0.h0->a1.h2<k>'],
    ['input->a0.h3<v>', 'a0.h3->a1.h2<k>'],
  ],
  plant(print) {
    const symbol = print.directions(SYMBOLS.length);
    const place = print.directions(TOKENS);
    const previous = print.directions(SYMBOLS.length);
    const answer = print.directions(SYMBOLS.length);
    place.forEach((direction, position) => print.position(position, direction));
    SYMBOLS.forEach((id, i) => {
      print.token(id, symbol[i]!);
      print.answer(id, answer[i]!, 8);
    });
    const before = matchEach(place.slice(1), place.slice(0, -1), 12);
    for (const head of [0, 3]) print.head(0, head, before, moveEach(symbol, previous));
    print.head(
      1,
      2,
      [...matchEach(symbol, previous, 24), { query: 'always', key: place[0]!, score: 12 }],
      moveEach(symbol, answer),
    );
  },
  pair(rng) {
    const [a, b, otherA, otherB, asked] = rng.sample(SYMBOLS, 5) as [number, number, number, number, number];
    const [x, y, z] = rng.sample(FILLERS, 3) as [number, number, number];
    const prompt = (first: number, next: number, last: number): number[] => [START, x, first, next, y, z, last];
    return {
      clean: prompt(a, b, a),
      // Its last token is new. Otherwise a corrupted query would find a corrupted key: cutting both would cost nothing.
      corrupted: prompt(otherA, otherB, asked),
      correct: [b],
      wrong: [otherB],
    };
  },
};
