import type { ModelSpec } from '../model/spec.js';

/** Keys that a query sees, itself included; 0: all up to itself. */
export function windowOf({ attention }: ModelSpec, layer: number): number {
  return attention.window[layer] ?? 0;
}

/** What kernels/shared/attention_score.wgsl makes scores of products with. */
export function scoreParams({ attention }: ModelSpec, layer: number, temperature = 1) {
  const scale = attention.scale[layer]!;
  const { softcap } = attention;
  return softcap === null
    ? { scale: scale / temperature, softcap: 0 }
    : { scale: scale / softcap, softcap: softcap / temperature };
}
