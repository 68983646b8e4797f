import * as v from 'valibot';
import {
  DETECTORS,
  type DetectorScore,
  type HeadDetectors,
  type HeadTokens,
  type TokenChance,
  type TokenLogit,
} from '../../circuit/details.js';

// What details.json says of tokens and of heads.

/** Significant digits of measured numbers: f32 holds no more. */
const DIGITS = 7;

/** JSON.stringify makes null of what is not finite; -0 becomes 0. */
export function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS)) + 0;
}

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const finite = v.custom<number>(Number.isFinite, 'a finite number');
export const share = v.custom<number>(
  (x) => Number.isFinite(x) && Number(x) >= 0 && Number(x) <= 1,
  'a number from 0 to 1',
);
export const tokenList = v.array(v.object({ token: v.string(), logit: finite }));
export const chanceList = v.array(v.object({ token: v.string(), logit: finite, probability: share }));
const scoreFields = { mul: v.nullable(finite), abs: v.nullable(finite) };
const detector = v.object({ ...scoreFields, exclude_bos_and_current: v.object(scoreFields) });
export const headDetectors = v.object({ previous_token: detector, duplicate_token: detector, induction: detector });
export const headTokens = v.object({
  words: count,
  copying: v.object({ diagonal_mean: finite, mean: finite, top1_is_self: share, top5_has_self: share }),
  tokens: v.array(v.object({ token: v.string(), promotes: tokenList })),
});

export function encodeTokens(list: readonly TokenLogit[]): object[] {
  return list.map(({ token, logit }) => ({ token, logit: rounded(logit) }));
}

export function encodeChances(list: readonly TokenChance[]): object[] {
  return list.map(({ token, logit, probability }) => ({
    token,
    logit: rounded(logit),
    probability: rounded(probability),
  }));
}

export function encodeDetectors(detectors: HeadDetectors): object {
  const score = ({ mul, abs }: DetectorScore) => ({ mul: rounded(mul), abs: rounded(abs) });
  return Object.fromEntries(
    DETECTORS.map((name) => [
      name,
      { ...score(detectors[name]), exclude_bos_and_current: score(detectors[name].excludeBosAndCurrent) },
    ]),
  );
}

export function encodeHeadTokens({ words, copying, tokens }: HeadTokens): object {
  return {
    words,
    copying: {
      diagonal_mean: rounded(copying.diagonalMean),
      mean: rounded(copying.mean),
      top1_is_self: rounded(copying.top1IsSelf),
      top5_has_self: rounded(copying.top5HasSelf),
    },
    tokens: tokens.map(({ token, promotes }) => ({ token, promotes: encodeTokens(promotes) })),
  };
}

export function decodeHeadTokens({ words, copying, tokens }: v.InferOutput<typeof headTokens>): HeadTokens {
  return {
    words,
    copying: {
      diagonalMean: copying.diagonal_mean,
      mean: copying.mean,
      top1IsSelf: copying.top1_is_self,
      top5HasSelf: copying.top5_has_self,
    },
    tokens,
  };
}

export function decodeDetectors(file: v.InferOutput<typeof headDetectors>): HeadDetectors {
  const scoreOf = ({ mul, abs }: v.InferOutput<typeof detector>['exclude_bos_and_current']): DetectorScore => ({
    mul: mul ?? Number.NaN,
    abs: abs ?? Number.NaN,
  });
  const scores = DETECTORS.map((name) => {
    const { exclude_bos_and_current: excluded, ...all } = file[name];
    return [name, { ...scoreOf(all), excludeBosAndCurrent: scoreOf(excluded) }] as const;
  });
  return Object.fromEntries(scores) as unknown as HeadDetectors;
}
