import type { Arena } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import type { BufferSlice } from '../gpu/kernel.js';
import type { Activation } from '../model/spec.js';

/** The number by which kernels/shared/activation.wgsl knows each activation. */
export const ACTIVATIONS: Readonly<Record<Activation | 'none', number>> = {
  none: 0,
  gelu: 1,
  'gelu-tanh': 2,
  relu: 3,
  silu: 4,
};

/** y = activation(x) over `count4` vec4s, a workgroup per 64 of them. */
export function bindActivation(
  arena: Arena,
  activation: Activation,
  x: BufferSlice,
  y: BufferSlice,
  count4: number,
): Promise<Operation> {
  return arena.operation('activate_rows', {
    buffers: { x, y },
    params: { count4 },
    overrides: { ACTIVATION: ACTIVATIONS[activation] },
  });
}

/** Takes a gradient from an activation's output to its input x, in place; by the identity rule or as the derivative. */
export function bindActivationBackward(
  arena: Arena,
  activation: Activation,
  identityRule: boolean,
  x: BufferSlice,
  gradient: BufferSlice,
  count4: number,
): Promise<Operation> {
  return arena.operation('activation_backward', {
    buffers: { x, gradient },
    params: { count4 },
    overrides: { ACTIVATION: ACTIVATIONS[activation], IDENTITY_RULE: identityRule ? 1 : 0 },
  });
}
