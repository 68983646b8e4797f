/** Sizes from which the workgroup of row kernels is chosen. Sums have 32 leaves: more invocations share the rest. */
export const ROW_WORKGROUPS = [8, 32, 64, 128, 256] as const;

/**
 * Invocations of a workgroup in the kernels that take a row each: norms, softmaxes, sums over a row. It is their
 * override WORKGROUP, a power of two. It changes no bit of a result: kernels/shared/reduce_sums.wgsl adds up in one
 * fixed order.
 *
 * A software adapter runs 8 invocations as one vector; more cost a barrier each time they meet. On a card 32 are a
 * subgroup or less, and as many as a sum has leaves. Whether more pay there is measured (product/measure-tuning.ts).
 */
export function rowWorkgroup({ adapterInfo }: Partial<Pick<GPUDevice, 'adapterInfo'>>): number {
  return adapterInfo?.isFallbackAdapter ? 8 : 32;
}

/** Sizes of such workgroups that are worth measuring on a card; at least one. */
export function trialRowWorkgroups({ limits }: Pick<GPUDevice, 'limits'>): number[] {
  return ROW_WORKGROUPS.filter((size) => size >= 32 && size <= limits.maxComputeInvocationsPerWorkgroup);
}

/** The constant BLOCK of kernels/shared/row_blocks.wgsl. */
const ROW_BLOCK = 2048;

/** Blocks of a row of so many columns, in the kernels that give each of them a workgroup. */
export function rowBlocks(columns: number): number {
  return Math.ceil(columns / ROW_BLOCK);
}

/**
 * Runs of an uncut model over the same prompts that are worth computing side by side. They fill a card; a software
 * adapter is busy with one.
 */
export function runsAtOnce({ adapterInfo }: Partial<Pick<GPUDevice, 'adapterInfo'>>): number {
  return adapterInfo?.isFallbackAdapter ? 1 : MOST_RUNS;
}

/** Side by side a product of a few prompts then has some hundreds of rows, which is enough for every tile. */
const MOST_RUNS = 16;

/** Workgroups that cover `count` elements, in the kernels that take an element an invocation: all of them have 64. */
export function groupsOf64(count: number): number {
  return Math.ceil(count / 64);
}
