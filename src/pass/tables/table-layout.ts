import type { JointBranch } from '../../block/joint-norms.js';
import type { Topology } from '../../circuit/topology.js';
import { jobSize, type JobKernel } from '../../gpu/kernel.js';
import { matrixChunks, PANEL4, type ChunkColumns } from '../../gpu/product/matrix.js';
import { projectionColumns4, type Layout } from '../../model/layout.js';
import type { PassShape } from '../pass-plan.js';
import type { RowLists } from '../row-lists.js';

/** Words of a group of writers in the lists of kernels/port_inputs_normed.wgsl. */
export const GROUP_WORDS = 3;

/** The jobs of one dispatch: where they are listed, their number, and the rows of the job with the most. */
export interface JobTable {
  readonly jobsAt: number;
  count: number;
  rows: number;
}

/** The jobs that form inputs of ports, and those that first bring the sums that they start from up to date. */
export interface InputTables {
  readonly cutSums: JobTable;
  readonly inputs: JobTable;
  /** Rows of all inputs together. */
  totalRows: number;
}

/** The products that make all heads' queries or keys of an input, and the slices of their norms that ports take. */
export interface JointTables {
  readonly wide: readonly JobTable[];
  readonly slices: JobTable;
}

/** The job tables of one layer. A product with a matrix has one per chunk of the matrix. */
export interface LayerTables {
  readonly headInputs: InputTables;
  readonly projections: readonly JobTable[];
  /** Queries and keys to norm. */
  readonly headNorms: JobTable;
  /** Queries and keys to make by norms over all heads together. */
  readonly joint: Readonly<Record<JointBranch, JointTables>>;
  /** Queries and keys to turn by their positions. */
  readonly rotary: JobTable;
  /** Ports that get the rows of another one. */
  readonly repetition: JobTable;
  /** Cut direct edges. */
  readonly replaced: JobTable;
  /** Heads to compute. */
  readonly heads: JobTable;
  readonly attentionOut: readonly JobTable[];
  readonly mlpInput: InputTables;
  readonly mlpIn: readonly JobTable[];
  readonly mlpOut: readonly JobTable[];
  /** Outputs of MLPs to norm. */
  readonly mlpPostNorm: JobTable;
}

/** How each matrix of a layer is cut. */
export type LayerChunks = Readonly<Record<'qkv' | 'attentionOut' | 'mlpIn' | 'mlpOut', readonly ChunkColumns[]>>;

/** The places of everything that the kernels of one pass read as words. */
export interface TableLayout {
  readonly chunks: LayerChunks;
  /** First word of each row list. */
  readonly rowsAt: Readonly<Record<keyof RowLists, number>>;
  readonly layers: readonly LayerTables[];
  readonly logits: InputTables;
  /** First word of the lists of writers, which follow after the tables. */
  readonly listsAt: number;
  /** Number of words in all. */
  readonly words: number;
}

/**
 * Lays out the tables of a pass, each with room for the most jobs that it can get, so that operations are bound once.
 *
 * @param chunkBytes most bytes of a chunk of a matrix.
 */
export function layOutTables(topology: Topology, layout: Layout, shape: PassShape, chunkBytes: number): TableLayout {
  const { circuits, prompts } = shape;
  const { width4, head4, mlp4 } = layout;
  const { heads } = topology;
  const headPorts = topology.attentionPorts;
  const tokens = prompts * shape.sequence;
  const chunks = {
    qkv: matrixChunks(width4, projectionColumns4(layout), chunkBytes),
    attentionOut: matrixChunks(heads * head4, width4, chunkBytes),
    mlpIn: matrixChunks(width4, mlp4, chunkBytes),
    mlpOut: matrixChunks(mlp4, width4, chunkBytes),
  };
  let size = 0;
  const region = (words: number): number => (size += words) - words;
  const table = (kernel: JobKernel, most: number): JobTable => ({
    jobsAt: region(jobSize(kernel) * most),
    count: 0,
    rows: 0,
  });
  const inputs = (ports: number): InputTables => ({
    cutSums: table('cut_sums', layout.postNorms ? 0 : ports), // a port's kept sum changes at most once a pass
    inputs: table(layout.postNorms ? 'port_inputs_normed' : 'port_inputs', circuits * ports),
    totalRows: 0,
  });
  const products = (of: readonly ChunkColumns[], jobs: number): JobTable[] => of.map(() => table('matmul', jobs));
  const rowsAt = {
    every: region(tokens),
    differing: region(tokens),
    metric: region(prompts),
    logits: region(prompts),
  };
  const jointPorts = layout.queryKeyNorm === 'projection' ? circuits * heads : 0;
  const joint = (): JointTables => ({
    wide: products(chunks.qkv, jointPorts),
    slices: table('sliced_norm', jointPorts),
  });
  const layers = Array.from({ length: topology.layers }, (_, layer) => ({
    headInputs: inputs(headPorts),
    // A run of ports with one input makes one job, or one more for every border of a panel inside it.
    projections: products(chunks.qkv, circuits * (headPorts + Math.ceil((headPorts * head4) / PANEL4))),
    headNorms: table('norm_in_place', layout.queryKeyNorm === 'head' ? circuits * 2 * heads : 0),
    joint: { q: joint(), k: joint() },
    rotary: table('rotary', layout.rotaryPairs > 0 ? circuits * 2 * heads : 0),
    repetition: table('repeat_rows', layout.projectionHeads.k < heads ? circuits * 2 * heads : 0),
    replaced: table('copy_rows', circuits * headPorts),
    heads: table('attention_pattern', circuits * heads),
    attentionOut: products(chunks.attentionOut, circuits * heads),
    mlpInput: inputs(topology.mlpPorts(layer).length),
    // The rows of all circuits make one job.
    mlpIn: products(chunks.mlpIn, 1),
    mlpOut: products(chunks.mlpOut, 1),
    mlpPostNorm: table('norm_in_place', layout.postNorms ? circuits : 0),
  }));
  const logits = inputs(1);
  // Every writer of a port is listed once per circuit, as cut or as kept. It is listed at most once more to bring a
  // kept sum up to date.
  const lists = (circuits + 1) * topology.additionEdges;
  // Where the sums of layers are normed, every port lists its groups of writers: at most the input and two a layer.
  const groups = layout.postNorms ? circuits * topology.ports.length * (2 * topology.layers + 1) : 0;
  // The rows of the MLPs of all circuits.
  const mlpRows = topology.layers * circuits * tokens;
  const words = size + lists + groups * GROUP_WORDS + mlpRows;
  return { chunks, rowsAt, layers, logits, listsAt: size, words };
}

/** Number of words that the tables of such a pass take. */
export function tableWords(topology: Topology, layout: Layout, shape: PassShape, chunkBytes: number): number {
  return layOutTables(topology, layout, shape, chunkBytes).words;
}
