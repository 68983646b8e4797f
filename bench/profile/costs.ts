import type { KernelName } from '../../src/gpu/kernel.js';
import type { WorkKind } from '../../src/gpu/work.js';

export type KernelParams = Readonly<Record<string, number>>;

interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/** The kind of the operations that tell what they cost themselves; undefined for a kernel that none of them runs. */
export function kindOf(kernel: KernelName): WorkKind | undefined {
  if (kernel.startsWith('matmul_transposed')) return 'transposed product';
  if (kernel.startsWith('matmul')) return 'product';
  return KINDS[kernel];
}

const KINDS: Partial<Record<KernelName, WorkKind>> = {
  edge_scores: 'score products',
  port_inputs: 'sum',
  cut_sums: 'sum',
  norm: 'norm',
  attention_pattern: 'attention',
  attention_mix: 'attention',
};

/** `count` elements, each with so many operations, and so many f32 read or written for it. */
function elements(count: number, operations: number, touched: number): Cost {
  return { flops: count * operations, bytes: 4 * count * touched };
}

/** Pairs of a query and a key, on average half of a square, with products over a head. */
function pairs({ tokens = 0, sequence = 0, head4 = 0 }: KernelParams, heads: number): Cost {
  return {
    flops: (heads * tokens * sequence * (8 * head4 + 4)) / 2,
    bytes: 4 * heads * tokens * (8 * head4 + sequence),
  };
}

type CostFormula = (params: KernelParams, groups: number) => Cost;

/** What a dispatch costs by the sizes that it was bound with. @param groups workgroups of the dispatch. */
const COSTS: Partial<Record<KernelName, CostFormula>> = {
  norm: ({ width4 = 0 }, rows) => elements(4 * width4 * rows, 8, 2),
  norm_backward: ({ width4 = 0 }, rows) => elements(4 * width4 * rows, 16, 3),
  add_to_stream: ({ tokens = 0, width4 = 0, parts = 0 }) => elements(4 * width4 * tokens, parts + 1, parts + 2),
  subtract_outputs: ({ tokens = 0, width4 = 0, parts = 0 }) => elements(4 * width4 * tokens * parts, 1, 3),
  embed: ({ tokens = 0, width4 = 0 }) => elements(4 * width4 * tokens, 1, 3),
  activate_rows: ({ count4 = 0 }) => elements(4 * count4, 10, 2),
  activation_backward: ({ count4 = 0 }) => elements(4 * count4, 16, 3),
  gated_rows: ({ count4 = 0 }) => elements(4 * count4, 10, 3),
  gated_backward: ({ count4 = 0 }) => elements(4 * count4, 20, 5),
  log_softmax: ({ rows = 0, vocab = 0 }) => elements(rows * vocab, 5, 2),
  kl_divergence: ({ rows = 0, vocab = 0 }) => elements(rows * vocab, 4, 2),
  log_softmax_blocks: ({ rows = 0, vocab = 0 }) => elements(rows * vocab, 3, 1),
  top_columns_blocks: ({ rows = 0, vocab = 0 }) => elements(rows * vocab, 1, 1),
  metric_seeds: ({ rows = 0, stride = 0 }) => elements(rows * stride, 2, 2),
  row_dots: ({ rows = 0, width4 = 0 }) => elements(4 * width4 * rows, 2, 2),
  attention_pattern: (params) => pairs(params, params['heads'] ?? 0),
  attention_mix: (params) => pairs(params, params['heads'] ?? 0),
  attention_pattern_gradients: (params) => pairs(params, params['heads'] ?? 0),
  attention_gradients: (params) => pairs(params, params['out_ports'] ?? 0),
  softmax_backward: ({ rows = 0, columns = 0 }) => elements(rows * columns, 4, 3),
  neuron_scores: ({ tokens = 0, width4 = 0, writers = 0 }) => elements(4 * width4 * tokens * writers, 2, 2),
};

/** Undefined for a kernel whose cost its sizes do not tell. */
export function costOf(kernel: KernelName, params: KernelParams, groups: number): Cost | undefined {
  return COSTS[kernel]?.(params, groups);
}
