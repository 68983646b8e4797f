import { EdgewiseError } from '../base/errors.js';
import type { ModelSpec } from '../model/spec.js';
import type { PromptPair } from '../task/types.js';
import { assertEqualLengths, meanGroups, type MeanSource } from './mean-ablation.js';
import type { Ablation } from '../circuit/run-identity.js';

/**
 * Checks, before a device is needed, what the kernels take for granted: token ids of this model, pairs of equal length within
 * its positions, metric positions inside the prompts, answers it knows; and for mean ablation that there is a mean.
 *
 * @throws EdgewiseError of kind task that names the pair.
 */
export function checkPrompts(
  spec: ModelSpec,
  pairs: readonly PromptPair[],
  meanSource: MeanSource,
  ablation: Ablation,
): void {
  if (pairs.length === 0) throw new EdgewiseError('task', 'prompts', 'there are none');
  const usesMean = ablation === 'mean' || ablation === 'mean-positional';
  for (const list of usesMean ? [pairs, meanSource.pairs] : [pairs]) {
    for (const [i, pair] of list.entries()) checkPair(spec, pair, pair.origin ?? `prompt pair ${i + 1}`);
  }
  if (ablation === 'mean-positional') assertEqualLengths(pairs, meanSource.pairs);
  if (usesMean) {
    const prompts = meanSource.pairs.map((pair) => pair[meanSource.side]);
    meanGroups(prompts, ablation === 'mean-positional', spec.bosTokenId);
  }
}

function checkPair(spec: ModelSpec, pair: PromptPair, where: string): void {
  const { clean, corrupted, position, correct, wrong, answer = [] } = pair;
  const fail = (what: string): never => {
    throw new EdgewiseError('task', where, what);
  };
  if (clean.length !== corrupted.length) fail(`clean has ${clean.length} tokens and corrupted ${corrupted.length}`);
  if (clean.length > spec.maxPositions) fail(`${clean.length} tokens, the model takes at most ${spec.maxPositions}`);
  if (!(Number.isInteger(position) && position >= 0 && position < clean.length)) {
    fail(`position ${position} is outside the prompt of ${clean.length} tokens`);
  }
  if (position + answer.length > clean.length) fail(`the prompt ends before the answer of ${answer.length} tokens`);
  for (const ids of [clean, corrupted, correct, wrong, answer]) {
    for (const id of ids) {
      if (!(Number.isInteger(id) && id >= 0 && id < spec.vocab)) {
        fail(`token id ${id}, expected 0 to ${spec.vocab - 1}`);
      }
    }
  }
}
