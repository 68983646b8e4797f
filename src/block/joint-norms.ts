import type { Branch } from '../circuit/nodes.js';
import type { Topology } from '../circuit/topology.js';
import { packJob, type BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { projectionColumn4, type Layout } from '../model/layout.js';
import type { LayerWeights, NormWeights } from '../model/weights.js';
import { dispatchJobRows, EVERY_ROW, fixedJobs, inTurn, type Jobs, type Piece, type PieceContext } from './piece.js';
import { product, transposedProduct } from './product.js';
import { sharedJobs } from './projections.js';
import { type ProjectedHead } from './projected-ports.js';
import type { BackwardRules } from './rules.js';

// Norms of the queries, or of the keys, of all heads together (OLMo 2). A port takes its head's slice of that norm over
// what all heads would make of the port's own input:
//   normed [rows, d] -> wide [rows, H dh] -> slices [T, ports, dh]

/** The branches that have such a norm. */
export const JOINT_BRANCHES = ['q', 'k'] as const;
export type JointBranch = (typeof JOINT_BRANCHES)[number];

/** Columns of a row of all heads' queries or keys, in vec4s. */
export function wideColumns4({ head4, projectionHeads }: Layout, branch: Branch): number {
  return projectionHeads[branch] * head4;
}

/** The wider of a row of all heads' queries and of a row of the stream, where such norms need one. In elements. */
export function wideStride(layout: Layout): number {
  return 4 * Math.max(layout.width4, layout.queryKeyNorm === 'projection' ? wideColumns4(layout, 'q') : 0);
}

/** All heads' queries or keys; none where nothing norms them together. */
export function jointShape(layout: Layout, tokens: number, branch: JointBranch) {
  return [layout.queryKeyNorm === 'projection' ? tokens : 0, 4 * wideColumns4(layout, branch)] as const;
}

/** The columns of the matrix of all projections that make a branch, in vec4s. */
export function jointColumns(layout: Layout, branch: Branch): { readonly first: number; readonly columns: number } {
  return { first: projectionColumn4(layout, branch, 0), columns: wideColumns4(layout, branch) };
}

/** normed [rows, d] -> wide [rows, H dh], with the biases. @param jobs of each chunk of the matrix. */
function wideProjections(
  context: PieceContext,
  { qkv, qkvBias }: LayerWeights,
  branch: JointBranch,
  jobs: readonly Jobs[],
  { normed, wide }: { readonly normed: BufferSlice; readonly wide: BufferSlice },
): Promise<Piece> {
  const { layout } = context.weights;
  return product(context, qkv, jobs, {
    a: normed,
    out: wide,
    rows: context.tokens,
    inner4: layout.width4,
    outStride: wideColumns4(layout, branch),
    bias: qkvBias,
  });
}

/** wide [rows, H dh] -> the slices of the ports, among parts of dh columns. */
async function slicedNorm(
  { arena, weights: { spec, layout } }: PieceContext,
  norm: NormWeights,
  branch: JointBranch,
  { words, list }: Jobs,
  { wide, out, parts }: { readonly wide: BufferSlice; readonly out: BufferSlice; readonly parts: number },
): Promise<Piece> {
  const operation = await arena.operation('sliced_norm', {
    buffers: { control: words, wide, gain: norm.gain, y: out },
    params: {
      jobs_at: list.jobsAt,
      wide_stride4: wideColumns4(layout, branch),
      wide_width: layout.projectionHeads[branch] * spec.headWidth,
      width4: layout.head4,
      stride4: parts * layout.head4,
      epsilon: spec.norm.epsilon,
    },
    overrides: {},
  });
  return { encode: (recording) => dispatchJobRows(recording, arena.gpu, operation, list) };
}

/** A head's first column in a row of all heads, in vec4s. */
export function sliceOfHead(layout: Layout, branch: JointBranch, matrixHead: number): number {
  return matrixHead * layout.head4 - projectionColumn4(layout, branch, 0);
}

/** The jobs of one branch: those that make all heads' rows of each chunk of the matrix, and the slices of the ports. */
export interface JointJobs {
  readonly wide: readonly Jobs[];
  readonly slices: Jobs;
}

/** What the queries and keys are made from, and where they go. */
export interface JointUse {
  /** [rows, d] */
  readonly normed: BufferSlice;
  /** Of each branch. They may be one: the second branch begins when the first is done. */
  readonly wide: Readonly<Record<JointBranch, BufferSlice>>;
  /** [rows, parts, dh] */
  readonly out: BufferSlice;
  readonly parts: number;
}

/** normed [rows, d] -> queries and keys among parts of dh columns, one branch after the other. */
export async function jointQueriesAndKeys(
  context: PieceContext,
  layerWeights: LayerWeights,
  jobs: Readonly<Record<JointBranch, JointJobs>>,
  { normed, wide, out, parts }: JointUse,
): Promise<Piece> {
  const pieces: Piece[] = [];
  for (const branch of JOINT_BRANCHES) {
    const at = { normed, wide: wide[branch], out, parts };
    pieces.push(
      await wideProjections(context, layerWeights, branch, jobs[branch].wide, at),
      await slicedNorm(context, layerWeights.queryKeyNorm!, branch, jobs[branch].slices, at),
    );
  }
  return inTurn(pieces);
}

/** The fixed jobs of the uncut model, whose ports all read the same rows. */
export function jointJobs(
  context: PieceContext,
  { qkv }: LayerWeights,
  heads: readonly ProjectedHead[],
  rows: number,
): Record<JointBranch, JointJobs> {
  const { layout } = context.weights;
  const ofBranch = (branch: JointBranch): JointJobs => {
    const { first, columns } = jointColumns(layout, branch);
    const slices = heads
      .filter((head) => head.branch === branch)
      .map(({ port, matrixHead }) =>
        packJob('sliced_norm', {
          first_row: 0,
          slice: sliceOfHead(layout, branch, matrixHead),
          gain: matrixHead,
          at: port * layout.head4,
          rows_at: EVERY_ROW,
          rows,
        }),
      );
    return {
      wide: sharedJobs(context, qkv, [{ first, out: 0, columns }], rows),
      slices: fixedJobs(context.arena, 'slices of norms', slices, rows),
    };
  };
  return { q: ofBranch('q'), k: ofBranch('k') };
}

/** What the way back through these norms works on. */
export interface JointGradients {
  /** All heads' queries and keys before their norm [T, H dh]. */
  readonly wide: Readonly<Record<JointBranch, BufferSlice>>;
  /** [ports, T, dh] */
  readonly projectionGradients: BufferSlice;
  /** Per port and token how much of `wide` its gradient there loses [ports, T]. */
  readonly tilts: BufferSlice;
  /** `wide` through the weights [T, d]. */
  readonly wideInputs: BufferSlice;
  /** [ports, T, d] */
  readonly inputGradients: BufferSlice;
}

/** The gradients at the slices -> those at the slices before the norm, in place; and the tilts of the other columns. */
export async function slicedNormBackward(
  { arena, weights: { spec, layout }, tokens }: PieceContext,
  { frozenNorms }: BackwardRules,
  norm: NormWeights,
  heads: readonly ProjectedHead[],
  { wide, projectionGradients, tilts }: JointGradients,
): Promise<Piece> {
  const pieces = JOINT_BRANCHES.map(async (branch): Promise<Piece> => {
    const jobs = heads
      .filter((head) => head.branch === branch)
      .map(({ port, matrixHead }) =>
        packJob('sliced_norm_backward', {
          port,
          slice: sliceOfHead(layout, branch, matrixHead),
          gain: matrixHead,
        }),
      );
    const { words, list } = fixedJobs(arena, 'slices of norms backwards', jobs, tokens);
    const operation = await arena.operation('sliced_norm_backward', {
      buffers: { control: words, wide: wide[branch], gain: norm.gain, gradient: projectionGradients, tilts },
      params: {
        jobs_at: list.jobsAt,
        tokens,
        wide_stride4: wideColumns4(layout, branch),
        wide_width: layout.projectionHeads[branch] * spec.headWidth,
        width4: layout.head4,
        epsilon: spec.norm.epsilon,
      },
      overrides: { FROZEN: frozenNorms ? 1 : 0 },
    });
    return { encode: (recording) => dispatchJobRows(recording, arena.gpu, operation, list) };
  });
  return inTurn(await Promise.all(pieces));
}

/** Takes the tilts to the inputs of the ports: each loses its tilt times all heads' queries, or keys, through W. */
export async function subtractTilts(
  context: PieceContext,
  topology: Topology,
  { qkv }: LayerWeights,
  { wide, tilts, wideInputs, inputGradients }: JointGradients,
): Promise<Piece> {
  const { arena, weights, tokens } = context;
  const { layout } = weights;
  const pieces: Piece[] = [];
  for (const branch of JOINT_BRANCHES) {
    const { first, columns } = jointColumns(layout, branch);
    const through = await transposedProduct(context, qkv, {
      dy: wide[branch],
      out: wideInputs,
      rows: tokens,
      dyStride: columns,
      jobs: [{ dy: 0, out: 0, firstColumn4: first, endColumn4: first + columns }],
    });
    const operation = await arena.operation('subtract_tilts', {
      buffers: { tilts, x: wideInputs, gradients: inputGradients },
      params: {
        tokens,
        width4: layout.width4,
        first: topology.attentionPort(branch, 0),
        ports: topology.branchPorts(branch),
      },
      overrides: {},
    });
    const groups = groupsOf64(topology.branchPorts(branch) * tokens * layout.width4);
    pieces.push(through, { encode: (recording) => recording.dispatchRows(operation, groups) });
  }
  return inTurn(pieces);
}
