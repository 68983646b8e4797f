import { EdgewiseError } from '../base/errors.js';
import type { ModelSpec } from './spec.js';

/**
 * Refuses, by name, what the kernels do not compute yet. The only list of it: what is built is deleted here.
 *
 * @param where the model's name, for the message.
 */
export function assertSupported(spec: ModelSpec, where: string): void {
  const { attention } = spec;
  const missing = Object.entries({
    'RMS norm': spec.norm.kind !== 'layer',
    'norm gain stored as 1 + w': spec.norm.onePlusGain,
    'rotary positions': spec.positions.kind === 'rotary',
    'shared key/value heads': spec.kvHeads !== spec.heads,
    'attention softcap': attention.softcap !== null,
    'sliding-window attention': attention.window.some((window) => window !== null),
    'query/key norms': attention.qkNorm !== null,
    'attention without biases': !attention.biases.qkv || !attention.biases.out,
    'gated MLP': spec.mlp?.kind === 'gated',
    'MLP without biases': spec.mlp?.biases === false,
    'scaled embeddings': spec.embeddingScale !== 1,
    'logit bias': spec.logitBias,
    'logit softcap': spec.logitSoftcap !== null,
    'no norms before the sublayers': !spec.preNorms,
    'norms after the sublayers': spec.postNorms,
  })
    .filter(([, needed]) => needed)
    .map(([name]) => name);
  if (missing.length > 0) {
    throw new EdgewiseError(
      'config',
      where,
      `this ${spec.family} model needs what is not built yet: ${missing.join(', ')}`,
    );
  }
}
