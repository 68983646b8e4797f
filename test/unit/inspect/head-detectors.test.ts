/** Head detectors against stored float64 results, and on patterns that are written down. */
import { beforeAll, describe, expect, test } from 'vitest';
import { DETECTORS, type DetectorName, type DetectorScore, type HeadDetectors } from '../../../src/circuit/details.js';
import { detectorScores, headDetectors } from '../../../src/inspect/head-detectors.js';
import { openModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { loadOracle, runModel, type OracleModel } from '../../oracle/model.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';
import { sharePairs } from '../../support/tasks.js';

/** By layer and head. */
type PerHead = readonly (readonly number[])[];
type Scores = Readonly<Record<'mul_mean' | 'abs_mean' | 'mul_row0' | 'abs_row0', PerHead>>;
interface Reference {
  readonly tasks: Readonly<
    Record<string, { readonly rows: readonly [number, number]; readonly scores: Record<string, Scores> }>
  >;
}

describe('share4l', () => {
  let model: OracleModel;
  let reference: Reference;
  beforeAll(async () => {
    model = await loadOracle(await openModel(await openModelDirectory(fixture('share4l'))), 'token');
    reference = await fixtureJson('share4l/reference/lens/head_detectors.json');
  });

  test.each(['ioi', 'induction'])('%s: the reference in float64', async (task) => {
    const { rows, scores } = reference.tasks[task]!;
    expect(rows).toEqual([0, 8]);
    const prompts = (await sharePairs(`${task}.jsonl`, 8)).map(({ clean }) => clean);
    const patterns = prompts.map((ids) => runModel(model, ids).patterns);
    const { heads, layers } = model.spec;
    for (let head = 0; head < layers * heads; head++) {
      const of = patterns.map((perHead) => perHead[head]!);
      const [mean, row0] = [headDetectors(of, prompts), detectorScores(of[0]!, prompts[0]!)];
      for (const name of DETECTORS) {
        const compare = (got: DetectorScore, key: string, which: 'mean' | 'row0'): void => {
          const at = (kind: 'mul' | 'abs'): number =>
            scores[key]![`${kind}_${which}`][Math.floor(head / heads)]![head % heads]!;
          expect(Math.abs(got.mul - at('mul'))).toBeLessThan(1e-9);
          expect(Math.abs(got.abs - at('abs'))).toBeLessThan(1e-9);
        };
        compare(mean[name], name, 'mean');
        compare(row0[name], name, 'row0');
        compare(mean[name].excludeBosAndCurrent, `${name}.exclude_bos_and_current`, 'mean');
        compare(row0[name].excludeBosAndCurrent, `${name}.exclude_bos_and_current`, 'row0');
      }
    }
  });
});

/** The pattern of a head that attends from each token to one, by the token attended to. */
function attending(to: readonly number[]): Float32Array {
  const pattern = new Float32Array(to.length ** 2);
  to.forEach((key, query) => (pattern[query * to.length + key] = 1));
  return pattern;
}

const muls = (scores: HeadDetectors, excluded = false): Record<DetectorName, number> =>
  Object.fromEntries(
    DETECTORS.map((name) => [name, (excluded ? scores[name].excludeBosAndCurrent : scores[name]).mul]),
  ) as Record<DetectorName, number>;

describe('patterns that are written down', () => {
  test('a head of each kind', () => {
    const ids = [0, 5, 6, 5, 6, 5];
    expect(muls(detectorScores(attending([0, 0, 1, 2, 3, 4]), ids), true)).toEqual({
      previous_token: 1,
      duplicate_token: 0,
      // Where two tokens alternate, the one before is also the one that followed.
      induction: 0.75,
    });
    const duplicate = detectorScores(attending([0, 0, 0, 1, 2, 3]), ids);
    expect(duplicate.duplicate_token.excludeBosAndCurrent.mul).toBe(1);
    expect(duplicate.duplicate_token.mul).toBe(0.5);
    const induction = detectorScores(attending([0, 0, 0, 2, 3, 4]), ids);
    expect(induction.induction.excludeBosAndCurrent.mul).toBe(1);
  });

  test('a first token that comes again is a token like others', () => {
    const scores = detectorScores(attending([0, 0, 0, 0]), [0, 7, 0, 0]);
    // Queries 2 and 3 repeat token 0, and look at its first place.
    expect(scores.duplicate_token.mul).toBe(0.5);
    expect(scores.induction.mul).toBe(0);
    // To the token after the first one: query 2 at 1, query 3 at 1.
    expect(detectorScores(attending([0, 0, 1, 1]), [0, 7, 0, 0]).induction.mul).toBe(0.5);
  });

  test('an induction head may look at itself where the token before is the same', () => {
    const scores = detectorScores(attending([0, 1]), [4, 4]);
    expect(scores.induction.mul).toBe(0.5);
    expect(scores.induction.abs).toBe(0.5);
  });

  test('abs counts what is missing and what is too much, over all queries', () => {
    const { previous_token: previous } = detectorScores(attending([0, 0, 0, 0]), [1, 2, 3, 4]);
    // Query 0 has attention and no template; 2 and 3 look elsewhere than the template, which counts twice.
    expect(previous.abs).toBe(1 - (1 + 0 + 2 + 2) / 4);
    expect(previous.excludeBosAndCurrent.abs).toBe(1 - (0 + 0 + 1 + 1) / 4);
  });

  test('prompts of several lengths; one without attention to judge by counts for nothing', () => {
    const prompts = [[0, 1, 2], [0]];
    const scores = headDetectors([attending([0, 0, 1]), attending([0])], prompts);
    expect(scores.previous_token.mul).toBe((2 / 3 + 0) / 2);
    expect(scores.previous_token.excludeBosAndCurrent.mul).toBe(1);
    expect(headDetectors([attending([0])], [[0]]).induction.excludeBosAndCurrent).toEqual({ mul: Number.NaN, abs: 1 });
  });
});
