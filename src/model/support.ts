import { EdgewiseError } from '../base/errors.js';
import type { ModelSpec } from './spec.js';

/**
 * Refuses, by name, what the kernels do not compute yet. The only list of it: what is built is deleted here.
 *
 * @param where the model's name, for the message.
 */
export function assertSupported(spec: ModelSpec, where: string): void {
  const missing = Object.entries({
    'layer norms after the sublayers': spec.postNorms && spec.norm.kind === 'layer',
    'layer norms of queries and keys together':
      spec.attention.qkNorm?.over === 'projection' && spec.attention.qkNorm.kind === 'layer',
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
