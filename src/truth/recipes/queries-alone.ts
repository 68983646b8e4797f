import { matchEach, moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START, all items in any order, a question for one of them. The answer is three items further on. */
const START = 0;
const ITEMS = idsFrom(1, 7);
const QUESTIONS = idsFrom(8, 7);
const HOPS = 3;

/**
 * A chain of three heads that differ in where they look alone. Every item points to the next one of a ring; each head
 * looks for the item that the head before found, and passes on what it points to. Clean and corrupted prompts differ in
 * the question only, so that keys and values are the same in both.
 */
export const queriesAlone: Recipe = {
  name: 'queries-alone',
  about: 'three heads follow pointers from item to item: what differs between the prompts is in queries alone',
  sizes: { layers: HOPS, vocab: 15, tokens: 9 },
  metric: 'logit-diff',
  edges: ['input->a0.h1<q>', 'a0.h1->a1.h3<q>', 'a1.h3->a2.h0<q>', 'a2.h0->logits'],
  alternatives: [],
  plant(print) {
    const item = print.directions(ITEMS.length);
    const next = print.directions(ITEMS.length);
    const asked = Array.from({ length: HOPS }, () => print.directions(ITEMS.length));
    const answer = print.directions(ITEMS.length);
    ITEMS.forEach((id, i) => {
      print.token(id, item[i]!);
      print.token(id, next[(i + 1) % ITEMS.length]!);
      print.token(QUESTIONS[i]!, asked[0]![i]!);
      print.answer(id, answer[i]!, 8);
    });
    [1, 3, 0].forEach((head, hop) => {
      print.head(hop, head, matchEach(asked[hop]!, item, 12), moveEach(next, asked[hop + 1] ?? answer));
    });
  },
  pair(rng) {
    const order = rng.sample(ITEMS, ITEMS.length);
    const [asked, other] = rng.sample([...ITEMS.keys()], 2) as [number, number];
    const answer = (item: number): number => ITEMS[(item + HOPS) % ITEMS.length]!;
    const prompt = (item: number): number[] => [START, ...order, QUESTIONS[item]!];
    return {
      clean: prompt(asked),
      corrupted: prompt(other),
      correct: [answer(asked)],
      wrong: [answer(other)],
    };
  },
};
