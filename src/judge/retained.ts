import { finiteOrNull } from '../base/finite-or-null.js';
import { mean } from '../base/mean.js';
import type { PerPrompt } from '../circuit/evaluator.js';
import { METRICS } from '../readout/metrics.js';
import { faithfulnessOf, percent, UNDEFINED, type Ends, type Judged, type Verdict } from './judged.js';

/** From this share on a circuit is called faithful, and needed. */
const MUCH = 0.8;
/** From this share on, a circuit is called needed in part. */
const LITTLE = 0.2;
/** Beyond this it does more than the model. */
const OVERSHOOT = 1.2;

/** A share that is short of a line by so little reaches it: single precision cannot tell. */
const ROUNDING = 1e-6;

/** Denominators below this mean nothing: see faithfulness. */
const SMALLEST_DENOMINATOR = 1e-6;

/** f(C). Cost: none beyond the circuit itself. */
export async function judgeFaithfulness(judged: Judged): Promise<Verdict> {
  const value = faithfulnessOf(judged.found, judged);
  const result = { faithfulness: value };
  if (value === null) return { ...UNDEFINED, result };
  const does = `the circuit alone does ${percent(value)} of the behaviour`;
  if (value > OVERSHOOT + ROUNDING) return { value, verdict: 'bad', sentence: `overshoots: ${does}`, result };
  if (value < 0) return { value, verdict: 'bad', sentence: `works against the behaviour: ${does}`, result };
  const good = reaches(value, MUCH);
  return { value, verdict: verdictOf(good), sentence: `${good ? 'faithful' : 'not faithful'}: ${does}`, result };
}

/** 1 - f(M without C). Cost: none beyond the complement. */
export async function judgeNecessity(judged: Judged): Promise<Verdict> {
  const left = faithfulnessOf(judged.complement, judged);
  const value = left === null ? null : 1 - left;
  const result = { necessity: value, complement_faithfulness: left };
  if (value === null) return { ...UNDEFINED, result };
  const costs =
    value >= 0
      ? `cutting it costs ${percent(value)} of the behaviour`
      : `cutting it adds ${percent(-value)} to the behaviour`;
  const good = reaches(value, MUCH);
  const how = good ? 'needed' : reaches(value, LITTLE) ? 'needed in part' : 'not needed';
  return { value, verdict: verdictOf(good), sentence: `${how}: ${costs}`, result };
}

/**
 * Normalised distance faithfulness of each prompt: 1 - min(|(m(M) - m(C)) / (m(M) - m(empty))|, 1); null where the
 * denominator is below 1e-6. An overshoot costs as much as a shortfall.
 */
export function distanceFaithfulness(losses: PerPrompt, { whole, empty }: Ends): (number | null)[] {
  return losses.map((loss, i) => {
    const denominator = whole[i]! - empty[i]!;
    if (!(Math.abs(denominator) >= SMALLEST_DENOMINATOR) || !Number.isFinite(loss)) return null;
    return 1 - Math.min(Math.abs((whole[i]! - loss) / denominator), 1);
  });
}

/** Mean over the prompts that have one; null where none has. */
export function meanOfDefined(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : mean(defined);
}

/** Cost: none beyond the circuit itself. */
export async function judgeNdf(judged: Judged): Promise<Verdict> {
  const ndf = distanceFaithfulness(judged.found, judged);
  const value = meanOfDefined(ndf);
  const undefinedOn = ndf.filter((one) => one === null).length;
  const result = { ndf_mean: value, ndf, undefined: undefinedOn };
  if (value === null) return { ...UNDEFINED, result };
  const near = ndf.filter((one) => one !== null && reaches(one, MUCH)).length;
  const good = reaches(value, MUCH);
  const but = undefinedOn > 0 ? `; on ${undefinedOn} it is not defined` : '';
  const told = `${percent(value)} on average; on ${near} of ${ndf.length} prompts within ${percent(1 - MUCH)} of the model${but}`;
  return {
    value,
    verdict: verdictOf(good),
    sentence: `${good ? 'close' : 'not close'} prompt by prompt: ${told}`,
    result,
  };
}

/** Most probable token right. Cost: two evaluations. */
export async function judgeAccuracy({ passes, kept, pairs }: Judged, whole: Judged['kept']): Promise<Verdict> {
  if (METRICS.accuracy.needs.correct && pairs.some(({ correct }) => correct.length === 0)) {
    const sentence = 'not defined: a prompt has no correct answer';
    return { value: null, verdict: 'unknown', sentence, result: { clean: null, circuit: null } };
  }
  const [clean, circuit] = (await passes.values([whole, kept], ['accuracy'])).map((one) => 0 - mean(one.accuracy!));
  const result = { clean: finiteOrNull(clean), circuit: finiteOrNull(circuit) };
  const right = `the circuit is right on ${percent(circuit!)} of the prompts, the model on ${percent(clean!)}`;
  if (clean === 0) return { value: result.circuit, verdict: 'unknown', sentence: `says nothing: ${right}`, result };
  const good = reaches(circuit!, MUCH * clean!);
  return {
    value: result.circuit,
    verdict: verdictOf(good),
    sentence: `${good ? 'answers about as well as the model, or better' : 'answers worse than the model'}: ${right}`,
    result,
  };
}

function reaches(share: number, line: number): boolean {
  return share >= line - ROUNDING;
}

export function verdictOf(good: boolean): 'good' | 'bad' {
  return good ? 'good' : 'bad';
}
