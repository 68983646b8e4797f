import { EdgewiseError } from '../base/errors.js';
import type { ModelSpec } from '../model/spec.js';
import { checkPair } from '../task/check-pair.js';
import type { PromptPair } from '../task/types.js';
import { assertEqualLengths, meanGroups, type MeanSource } from './mean-ablation.js';
import type { Ablation } from '../circuit/run-identity.js';

/**
 * Checks, before a device is needed, what the kernels take for granted: token ids of this model, pairs of equal length
 * within its positions, metric positions inside the prompts, answers it knows; and for mean ablation that there is a
 * mean.
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
    for (const [i, pair] of list.entries()) checkPair(pair, spec, pair.origin ?? `prompt pair ${i + 1}`);
  }
  if (ablation === 'mean-positional') assertEqualLengths(pairs, meanSource.pairs);
  if (usesMean) {
    const prompts = meanSource.pairs.map((pair) => pair[meanSource.side]);
    meanGroups(prompts, ablation === 'mean-positional', spec.bosTokenId);
  }
}
