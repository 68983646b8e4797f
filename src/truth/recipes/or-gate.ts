import { moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START cue x cue END. Both cues are the same colour, which is the answer; corrupted prompts have blanks. */
const START = 0;
const CUES = idsFrom(1, 6);
const BLANKS = idsFrom(7, 4);
const FILLERS = idsFrom(11, 4);
const END = 15;
const PLACES = [1, 3] as const;

/**
 * An OR gate. Two heads bring a colour from two places, and an MLP answers if one of them or both did. As long as one
 * is there, the other changes nothing.
 */
export const orGate: Recipe = {
  name: 'or-gate',
  about: 'two heads bring the same colour from two places; an MLP answers if either does',
  sizes: { layers: 2, vocab: 16, tokens: 5 },
  metric: 'logit-diff',
  edges: ['input->a0.h0<v>', 'a0.h0->m1', 'input->a0.h2<v>', 'a0.h2->m1', 'm1->logits'],
  alternatives: [
    ['input->a0.h0<v>', 'a0.h0->m1'],
    ['input->a0.h2<v>', 'a0.h2->m1'],
  ],
  plant(print) {
    const colour = print.directions(CUES.length);
    const place = print.directions(PLACES.length);
    const gate = print.directions(CUES.length);
    const answer = print.directions(CUES.length);
    CUES.forEach((id, i) => {
      print.token(id, colour[i]!);
      print.answer(id, answer[i]!, 8);
    });
    PLACES.forEach((position, i) => {
      print.position(position, place[i]!);
      print.head(0, 2 * i, [{ query: 'always', key: place[i]!, score: 10 }], moveEach(colour, gate));
    });
    // The difference of two units is flat above 1/2: it is 0 at 0, and 1 at 1 and at 2.
    print.units(
      1,
      gate.flatMap((from, i) =>
        [1, -1].map((sign) => ({
          from,
          scale: 32,
          knee: sign > 0 ? 0.25 : 0.75,
          to: [{ direction: answer[i]!, weight: sign / 16 }],
        })),
      ),
    );
  },
  pair(rng) {
    const [right, wrong] = rng.sample(CUES, 2) as [number, number];
    const blanks = rng.sample(BLANKS, 2);
    const [filler] = rng.sample(FILLERS, 1);
    const prompt = ([first, second]: readonly number[]): number[] => [START, first, filler, second, END] as number[];
    return { clean: prompt([right, right]), corrupted: prompt(blanks), correct: [right], wrong: [wrong] };
  },
};
