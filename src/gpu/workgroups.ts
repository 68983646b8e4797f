/**
 * Invocations of a workgroup in the kernels that take a row each: norms, softmaxes, sums over a row. It is their
 * override WORKGROUP, a power of two. It changes no bit of a result: kernels/shared/reduce_sums.wgsl adds up in one
 * fixed order.
 *
 * A software adapter runs 8 invocations as one vector; more cost a barrier each time they meet. On a card 32 are a
 * subgroup or less, and as many as a sum has leaves.
 */
export function rowWorkgroup({ adapterInfo }: Partial<Pick<GPUDevice, 'adapterInfo'>>): number {
  return adapterInfo?.isFallbackAdapter ? 8 : 32;
}

/** Workgroups that cover `count` elements, in the kernels that take an element an invocation: all of them have 64. */
export function groupsOf64(count: number): number {
  return Math.ceil(count / 64);
}
