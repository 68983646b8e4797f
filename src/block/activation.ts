import type { Activation } from '../model/spec.js';

/** The number by which kernels/shared/activation.wgsl knows each activation. */
export const ACTIVATIONS: Readonly<Record<Activation | 'none', number>> = {
  none: 0,
  gelu: 1,
  'gelu-tanh': 2,
  relu: 3,
  silu: 4,
};
