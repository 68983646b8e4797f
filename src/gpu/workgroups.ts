/** Invocations that share a row in the kernels that take one row a workgroup: norms, softmaxes, row sums. */
export const ROW_WORKGROUP = 16;

/** Workgroups of 64 that cover `count` elements, for Recording.dispatchRows. */
export function groupsOf64(count: number): number {
  return Math.ceil(count / 64);
}
