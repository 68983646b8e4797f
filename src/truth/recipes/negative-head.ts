import { matchEach, moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START x symbol x END. The answer is the symbol. */
const START = 0;
const SYMBOLS = idsFrom(1, 8);
const FILLERS = idsFrom(9, 4);
const END = 13;
const PLACE = 2;

/**
 * A mover, and a head that suppresses what is about to be answered where it was seen before (copy suppression:
 * McDougall et al. 2023, arXiv:2310.04625). Four of the true edges make the answer worse.
 */
export const negativeHead: Recipe = {
  name: 'negative-head',
  about: 'a head copies a symbol to the answer; a later head finds the answer in the prompt and takes half of it away',
  sizes: { layers: 3, vocab: 14, tokens: 5 },
  metric: 'logit-diff',
  edges: ['input->a1.h0<v>', 'a1.h0->logits', 'a1.h0->a2.h2<q>', 'input->a2.h2<k>', 'input->a2.h2<v>', 'a2.h2->logits'],
  alternatives: [],
  plant(print) {
    const symbol = print.directions(SYMBOLS.length);
    const [rest, place] = print.directions(2) as [Float64Array, Float64Array];
    const answer = print.directions(SYMBOLS.length);
    print.position(0, rest);
    print.position(PLACE, place);
    SYMBOLS.forEach((id, i) => {
      print.token(id, symbol[i]!);
      print.answer(id, answer[i]!, 8);
    });
    print.head(1, 0, [{ query: 'always', key: place, score: 10 }], moveEach(symbol, answer));
    print.head(
      2,
      2,
      [...matchEach(answer, symbol, 14), { query: 'always', key: rest, score: 7 }],
      moveEach(symbol, answer, -0.5),
    );
  },
  pair(rng) {
    const [right, wrong] = rng.sample(SYMBOLS, 2) as [number, number];
    const [first, second] = rng.sample(FILLERS, 2) as [number, number];
    const prompt = (symbol: number): number[] => [START, first, symbol, second, END];
    return { clean: prompt(right), corrupted: prompt(wrong), correct: [right], wrong: [wrong] };
  },
};
