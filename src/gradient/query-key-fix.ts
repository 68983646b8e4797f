import { scoreParams, windowOf } from '../block/attention-rule.js';
import type { PortGroup } from '../block/groups.js';
import { wideStride } from '../block/joint-norms.js';
import { norm } from '../block/norm.js';
import { inTurn, type Piece, type PieceContext, type RowPiece } from '../block/piece.js';
import { queriesAndKeys } from '../block/projections.js';
import { movedStreams, subtractOutputs } from '../block/stream.js';
import type { Topology } from '../circuit/topology.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { Layout } from '../model/layout.js';
import type { GradientFrame } from './gradient-frame.js';
import { bindQueriesAndKeys } from './queries-and-keys.js';
import type { GradientShape } from './gradient-plan.js';

/** Writers whose edges are recomputed at once. */
const WRITERS_AT_ONCE = 16;

/** Shapes of the tensors that the fix computes in. */
export function fixTensors({ heads, kvPorts }: Topology, layout: Layout, { prompts, sequence }: GradientShape) {
  const { width4, head4, postNorms } = layout;
  const tokens = prompts * sequence;
  const rows = WRITERS_AT_ONCE * tokens;
  return {
    /** What the norm after some heads adds to the stream, and the stream without that. */
    added: [postNorms ? tokens : 0, 4 * width4],
    streamWithout: [postNorms ? tokens : 0, 4 * width4],
    movedStreams: [rows, wideStride(layout)],
    movedNormed: [rows, 4 * width4],
    /** Queries, then keys, of all heads. */
    movedProjections: [rows, heads + kvPorts, 4 * head4],
  } satisfies Record<string, readonly number[]>;
}

/** Up to WRITERS_AT_ONCE writers of one layer's ports. */
interface Share {
  readonly writers: number;
  readonly move: Piece;
  readonly scores: readonly Piece[];
}

interface LayerFix {
  readonly norm: RowPiece;
  readonly project: RowPiece;
  /** Norms, positions and repetition of the projected queries and keys. */
  readonly finish: Piece;
  readonly shares: readonly Share[];
}

/** Where the scores go, and what they are multiplied with. */
interface FixScores {
  /** [1] */
  readonly weight: Tensor;
  /** [N, addition edges] */
  readonly scores: Tensor;
}

/**
 * Scores of the edges into queries and keys by AtP*'s fix. The port is computed anew with the edge cut, norm
 * included, and from it the pattern. The change of the pattern is multiplied with the gradient there: sum of (A' - A)
 * dm/dA. A saturated softmax has no derivative, but a changed query or key may well change its pattern. All positions
 * of an edge are cut at once, as in an edge of the graph.
 *
 * Source: Kramar et al. 2024 (arXiv:2403.00745), there for nodes. Cost: for each writer and layer that reads it the
 * projections to queries and keys, 8 T d H dh FLOPs; for GPT-2 small about 12 forward passes.
 */
export class QueryKeyFix {
  readonly #tokens: number;
  readonly #layers: readonly LayerFix[];

  /** @param at the scores get the weight times the sums. */
  static async create(arena: Arena, frame: GradientFrame, at: FixScores): Promise<QueryKeyFix> {
    const { weights, topology, tokens, shape, portGroups } = frame;
    const shapes = Object.entries(fixTensors(topology, weights.layout, shape));
    const tensors = Object.fromEntries(
      shapes.map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]),
    ) as unknown as FixTensors;
    const context = { arena, weights, tokens, sequence: shape.sequence };
    const attention = portGroups.filter(({ kind }) => kind === 'heads');
    return new QueryKeyFix(
      tokens,
      await Promise.all(attention.map((group) => bindLayer(context, frame, tensors, group, at))),
    );
  }

  private constructor(tokens: number, layers: readonly LayerFix[]) {
    this.#tokens = tokens;
    this.#layers = layers;
  }

  /**
   * Records the scores of a layer's edges, while the pass holds the gradient at its patterns. For up to 16 writers (B):
   *
   *   stream [T, d], differences [W, T, d] -> moved [B, T, d] -> normed [B, T, d] -> queries, keys [B, T, 2H, dh]
   *     -> scores [N, addition edges]
   */
  encode(recording: Recording, layer: number): void {
    const fix = this.#layers[layer]!;
    for (const { writers, move, scores } of fix.shares) {
      move.encode(recording);
      fix.norm.encode(recording, writers * this.#tokens);
      fix.project.encode(recording, writers * this.#tokens);
      fix.finish.encode(recording);
      for (const piece of scores) piece.encode(recording);
    }
  }
}

type FixTensors = Readonly<Record<keyof ReturnType<typeof fixTensors>, Tensor>>;

async function bindLayer(
  context: PieceContext,
  frame: GradientFrame,
  tensors: FixTensors,
  { layer, reads, firstPort }: PortGroup,
  at: FixScores,
): Promise<LayerFix> {
  const { topology, tokens } = frame;
  const { movedStreams: moved, movedNormed: normed, movedProjections } = tensors;
  const layerWeights = context.weights.layers[layer]!;
  const rows = WRITERS_AT_ONCE * tokens;
  const { differences } = frame.tensors;
  const stream = frame.streams[reads]!;
  const fanIn = topology.fanIn(firstPort);
  const shares: Share[] = [];
  for (const { firstWriter, writers, normedIn } of sharesOf(frame, fanIn)) {
    const move = await movedStreams(context, { stream, differences, moved, firstWriter, writers });
    shares.push({
      writers,
      move:
        normedIn === undefined
          ? move
          : await bindNormedMove(context, frame, tensors, stream, { firstWriter, writers, normedIn }),
      scores: [
        await bindScores(context, frame, movedProjections, { layer, branch: 'q', firstWriter, writers }, at),
        await bindScores(context, frame, movedProjections, { layer, branch: 'k', firstWriter, writers }, at),
      ],
    });
  }
  return {
    norm: await norm(context, layerWeights.norm1, { x: moved, y: normed }, rows),
    project: await queriesAndKeys(context, topology, layerWeights, { normed, queriesAndKeys: movedProjections }, rows),
    finish: await finishQueriesAndKeys(context, frame, layer, movedProjections, rows, tensors),
    shares,
  };
}

/** Writers whose edges are recomputed at once. */
interface WriterShare {
  readonly firstWriter: number;
  readonly writers: number;
  /** Layer whose norm after the heads they go through; undefined where they add to the stream themselves. */
  readonly normedIn: number | undefined;
}

/** The first `fanIn` writers in shares. Heads whose sum is normed share none with others. */
function sharesOf({ weights, groups }: GradientFrame, fanIn: number): WriterShare[] {
  const parts = weights.spec.postNorms
    ? groups
        .filter(({ firstWriter }) => firstWriter < fanIn)
        .map(({ kind, layer, ...part }) => ({ ...part, normedIn: kind === 'heads' ? layer : undefined }))
    : [{ firstWriter: 0, writers: fanIn, normedIn: undefined }];
  return parts.flatMap(({ firstWriter, writers, normedIn }) =>
    Array.from({ length: Math.ceil(writers / WRITERS_AT_ONCE) }, (_, i) => ({
      firstWriter: firstWriter + i * WRITERS_AT_ONCE,
      writers: Math.min(WRITERS_AT_ONCE, writers - i * WRITERS_AT_ONCE),
      normedIn,
    })),
  );
}

/**
 * The stream with one head's edge cut where the sum S of its layer's heads is normed: for each writer
 *
 *   stream - norm(S) + norm(S + difference) [T, d]
 */
async function bindNormedMove(
  context: PieceContext,
  { tensors, attentionSums, weights, tokens }: GradientFrame,
  { movedStreams: moved, movedNormed, added, streamWithout }: FixTensors,
  stream: Tensor,
  { firstWriter, writers, normedIn }: WriterShare & { readonly normedIn: number },
): Promise<Piece> {
  const sum = attentionSums[normedIn]!;
  const postNorm = weights.layers[normedIn]!.attentionPostNorm;
  const { differences } = tensors;
  return inTurn([
    await norm(context, postNorm, { x: sum, y: added }, tokens),
    { encode: (recording) => recording.copy({ ...stream, size: streamWithout.size }, streamWithout) },
    await subtractOutputs(context, {
      outputs: added,
      sameAtEveryToken: false,
      differences: streamWithout,
      firstWriter: 0,
      writers: 1,
    }),
    await movedStreams(context, { stream: sum, differences, moved, firstWriter, writers }),
    await norm(context, postNorm, { x: moved, y: movedNormed }, writers * tokens),
    await movedStreams(context, { stream: streamWithout, differences: movedNormed, moved, firstWriter: 0, writers }),
  ]);
}

/** All steps from the projections to what the pattern reads, in turn. */
async function finishQueriesAndKeys(
  context: PieceContext,
  frame: GradientFrame,
  layer: number,
  projections: Tensor,
  rows: number,
  { movedNormed: normed, movedStreams: wide }: FixTensors,
): Promise<Piece> {
  const branches = ['q', 'k'] as const;
  const parts = frame.topology.heads + frame.topology.kvPorts;
  // The streams have been normed by then.
  const use = { projections, parts, branches, rows, normed, joint: { q: wide, k: wide } };
  const pieces = await bindQueriesAndKeys(context, frame, layer, use);
  return inTurn([pieces['head norms'], pieces.rotary, pieces.repetition]);
}

/** Whose edges are scored: those of some writers into the queries or the keys of a layer. */
interface FixedEdges {
  readonly layer: number;
  readonly branch: 'q' | 'k';
  readonly firstWriter: number;
  readonly writers: number;
}

async function bindScores(
  { arena, weights, tokens, sequence }: PieceContext,
  { topology, projections, tensors, shape }: GradientFrame,
  moved: Tensor,
  { layer, branch, firstWriter, writers }: FixedEdges,
  { weight, scores }: FixScores,
): Promise<Piece> {
  const { spec, layout } = weights;
  const firstPort = topology.headPort(layer, branch, 0);
  const operation = await arena.operation('query_key_fix', {
    buffers: { weight, moved, projections: projections[layer]!, dp: tensors.scoreGradient, scores },
    params: {
      tokens,
      sequence,
      heads: spec.heads,
      kv_ports: topology.kvPorts,
      head4: layout.head4,
      window: windowOf(spec, layer),
      ...scoreParams(spec, layer),
      out_at: topology.firstEdge(firstPort) + firstWriter,
      port_stride: topology.fanIn(firstPort),
      stride: topology.additionEdges,
    },
    overrides: { KEYS: branch === 'k' ? 1 : 0 },
  });
  return { encode: (recording) => recording.dispatch(operation, writers, topology.branchPorts(branch), shape.prompts) };
}
