import { groupsOf64 } from '../gpu/workgroups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation, Recording } from '../gpu/recording.js';
import { everyRow, jobWords, matmul, runMatmul, type MatmulOperation } from '../gpu/product/matmul.js';
import type { Layout } from '../model/layout.js';
import type { Topology } from '../circuit/topology.js';
import { bindNorm } from './forward-operations.js';
import { type GradientFrame } from './gradient-frame.js';
import type { GradientShape } from './gradient-plan.js';
import { productWork } from '../gpu/work.js';
import type { PortGroup } from './writer-groups.js';

/** Writers whose edges are recomputed at once. */
const WRITERS_AT_ONCE = 16;

/** Shapes of what the fix computes in. */
export function fixTensors({ heads }: Topology, { width4, head4 }: Layout, { prompts, sequence }: GradientShape) {
  const rows = WRITERS_AT_ONCE * prompts * sequence;
  return {
    movedStreams: [rows, 4 * width4],
    movedNormed: [rows, 4 * width4],
    /** Queries, then keys, of all heads. */
    movedProjections: [rows, 2 * heads, 4 * head4],
  } satisfies Record<string, readonly number[]>;
}

/** Up to WRITERS_AT_ONCE writers of one layer's ports. */
interface Share {
  readonly writers: number;
  readonly move: Operation;
  readonly queries: Operation;
  readonly keys: Operation;
}

interface LayerFix {
  readonly norm: Operation;
  readonly projections: readonly MatmulOperation[];
  readonly shares: readonly Share[];
}

/**
 * Scores of the edges into queries and keys by AtP*'s fix: the port is computed anew with the edge cut, norm included,
 * the pattern from it, and the change of the pattern is multiplied with the gradient there: sum of (A' - A) dm/dA. A
 * saturated softmax has no derivative, but a changed query or key may well change its pattern. All positions of an edge
 * are cut at once, as in an edge of the graph.
 *
 * Source: Kramar et al. 2024 (arXiv:2403.00745), there for nodes. Cost: for each writer and layer that reads it the
 * projections to queries and keys, 8 T d H dh FLOPs; for GPT-2 small about 12 forward passes.
 */
export class QueryKeyFix {
  readonly #frame: GradientFrame;
  readonly #layers: readonly LayerFix[];

  /** Scores [N, addition edges] get `weight` [1] times the sums. */
  static async create(arena: Arena, frame: GradientFrame, weight: Tensor, scores: Tensor): Promise<QueryKeyFix> {
    const shapes = Object.entries(fixTensors(frame.topology, frame.weights.layout, frame.shape));
    const tensors = Object.fromEntries(
      shapes.map(([name, shape]) => [name, arena.tensor(name, shape)]),
    ) as unknown as FixTensors;
    const layers = await Promise.all(
      frame.weights.layers.map((_, layer) => bindLayer(arena, frame, tensors, layer, weight, scores)),
    );
    return new QueryKeyFix(frame, layers);
  }

  private constructor(frame: GradientFrame, layers: readonly LayerFix[]) {
    this.#frame = frame;
    this.#layers = layers;
  }

  /** Records the scores of a layer's edges, while the pass holds the gradient at its patterns. */
  encode(recording: Recording, { layer }: PortGroup): void {
    const { tokens, weights, topology, shape } = this.#frame;
    const { norm, projections, shares } = this.#layers[layer]!;
    for (const { writers, move, queries, keys } of shares) {
      const rows = writers * tokens;
      recording.dispatchRows(move, groupsOf64(rows * weights.layout.width4));
      recording.dispatchRows(norm, rows);
      for (const operation of projections) runMatmul(recording, operation, 1, rows);
      const { width4, head4 } = weights.layout;
      weights.gpu.count(productWork(rows, 4 * width4, 2 * topology.heads * 4 * head4));
      for (const operation of [queries, keys]) recording.dispatch(operation, writers, topology.heads, shape.prompts);
    }
  }
}

type FixTensors = Readonly<Record<keyof ReturnType<typeof fixTensors>, Tensor>>;

async function bindLayer(
  arena: Arena,
  frame: GradientFrame,
  { movedStreams, movedNormed, movedProjections }: FixTensors,
  layer: number,
  weight: Tensor,
  scores: Tensor,
): Promise<LayerFix> {
  const { weights, topology, tokens, tensors, shape } = frame;
  const { spec, layout } = weights;
  const { heads } = topology;
  const { qkv, qkvBias, norm1 } = weights.layers[layer]!;
  const rows = WRITERS_AT_ONCE * tokens;
  const columns4 = 2 * heads * layout.head4;
  const projections: MatmulOperation[] = [];
  for (const [i, chunk] of qkv.chunks.entries()) {
    const endColumn4 = Math.min(chunk.columns4, columns4 - chunk.firstColumn4);
    if (endColumn4 <= 0) continue;
    const at = chunk.firstColumn4;
    const job = jobWords({ a: 0, weight: 0, bias: at, out: at, firstColumn4: 0, endColumn4, rows: everyRow(rows) });
    projections.push(
      await matmul(arena, qkv, i, {
        a: movedNormed,
        out: movedProjections,
        rows,
        inner4: layout.width4,
        outStride: columns4,
        jobs: arena.upload('query and key job', Uint32Array.from(job)),
        jobsAt: 0,
        bias: qkvBias,
      }),
    );
  }
  const queryPort = topology.headPort(layer, 'q', 0);
  const keyPort = topology.headPort(layer, 'k', 0);
  const fanIn = topology.fanIn(queryPort);
  const fix = (firstPort: number, firstWriter: number): Promise<Operation> =>
    arena.operation('query_key_fix', {
      buffers: {
        weight,
        moved: movedProjections,
        projections: frame.projections[layer]!,
        dp: tensors.scoreGradient,
        scores,
      },
      params: {
        tokens,
        sequence: shape.sequence,
        heads,
        head4: layout.head4,
        scale: spec.attention.scale[layer]!,
        out_at: topology.firstEdge(firstPort) + firstWriter,
        port_stride: fanIn,
        stride: topology.additionEdges,
      },
      overrides: { KEYS: firstPort === keyPort ? 1 : 0 },
    });
  const shares: Share[] = [];
  for (let first = 0; first < fanIn; first += WRITERS_AT_ONCE) {
    const writers = Math.min(WRITERS_AT_ONCE, fanIn - first);
    shares.push({
      writers,
      move: await arena.operation('moved_streams', {
        buffers: { stream: frame.streams[2 * layer]!, differences: tensors.differences, moved: movedStreams },
        params: { size: tokens * layout.width4, first_writer: first, writers },
        overrides: {},
      }),
      queries: await fix(queryPort, first),
      keys: await fix(keyPort, first),
    });
  }
  return { norm: await bindNorm(arena, frame, movedStreams, norm1, movedNormed, rows), projections, shares };
}
