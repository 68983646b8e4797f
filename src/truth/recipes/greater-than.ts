import { moveEach } from '../blueprint.js';
import { idsFrom, type Recipe } from '../recipe.js';

/** Prompts: START x year x END. Right answers are the years above it. */
const START = 0;
const YEARS = idsFrom(1, 10);
const FILLERS = idsFrom(11, 4);
const END = 15;

/** Total change of a logit by each of the two comparing MLPs. */
const STEP = 0.7;

/**
 * Greater-than (Hanna et al. 2023, arXiv:2305.00586): an MLP enriches the year, a head takes it to the end, and two
 * MLPs add to the logits of the years above it and take from those below.
 */
export const greaterThan: Recipe = {
  name: 'greater-than',
  about: 'an MLP enriches a year, a head moves it to the end, two MLPs raise the years above it',
  sizes: { layers: 3, vocab: 16, tokens: 5 },
  metric: 'prob-diff',
  edges: ['input->m0', 'm0->a1.h1<v>', 'a1.h1->m1', 'a1.h1->m2', 'm1->logits', 'm2->logits'],
  alternatives: [],
  plant(print) {
    const year = print.directions(YEARS.length);
    const isYear = print.direction();
    const rest = print.direction();
    const enriched = print.directions(YEARS.length);
    const moved = print.directions(YEARS.length);
    const answer = print.directions(YEARS.length);
    print.position(0, rest);
    YEARS.forEach((id, i) => {
      print.token(id, year[i]!);
      print.token(id, isYear);
      print.answer(id, answer[i]!, 1);
    });
    for (const id of [START, ...FILLERS, END]) print.answerAlways(id, -6);
    const step = { scale: 8, knee: 0.5 };
    print.units(
      0,
      year.map((from, i) => ({ from, ...step, to: [{ direction: enriched[i]!, weight: 1 / 4 }] })),
    );
    print.head(
      1,
      1,
      [
        { query: 'always', key: isYear, score: 10 },
        { query: 'always', key: rest, score: 4 },
      ],
      moveEach(enriched, moved),
    );
    for (const layer of [1, 2]) {
      print.units(
        layer,
        moved.map((from, i) => ({
          from,
          ...step,
          to: answer.map((direction, j) => ({ direction, weight: (j > i ? STEP : -STEP) / 4 })),
        })),
      );
    }
  },
  pair(rng) {
    const year = 4 + rng.below(4);
    const [first, second] = rng.sample(FILLERS, 2) as [number, number];
    const prompt = (id: number): number[] => [START, first, id, second, END];
    return {
      clean: prompt(YEARS[year]!),
      // As in the paper the counterfactual is the first year: every other one is above it.
      corrupted: prompt(YEARS[0]!),
      correct: YEARS.slice(year + 1),
      wrong: YEARS.slice(0, year + 1),
    };
  },
};
