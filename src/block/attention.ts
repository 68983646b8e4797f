import type { Topology } from '../circuit/topology.js';
import type { Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import { jobSize, packJob, type BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { Layout } from '../model/layout.js';
import { scoreParams, windowOf } from './attention-rule.js';
import { NO_PIECE } from './order.js';
import type { Jobs, Piece, PieceContext } from './piece.js';
import type { BackwardRules } from './rules.js';
import { weightedSum, type WeightedSum } from './weighted-sum.js';

// The flow of one layer. A job takes one head and some rows of it:
//   projections [T, ports, dh] -> pattern [H, T, S] -> mixed [H, T, dh] -> outputs [H, T, d]

/** Shapes of the tensors that attention works in, for one circuit. */
export function attentionShapes({ heads }: Topology, { head4 }: Layout, tokens: number, sequence: number) {
  return {
    /** Attention of every query (a token) to the tokens of its prompt. */
    pattern: [heads, tokens, sequence],
    /** Values mixed by the pattern, before W_O. */
    mixed: [heads, tokens, 4 * head4],
  } as const;
}

/** The jobs of the uncut model: every head at every token. */
export function everyHead({ arena, weights: { spec }, tokens }: PieceContext): Jobs {
  const { heads } = spec;
  const rowsAt = heads * jobSize('attention_pattern');
  const jobs = Array.from({ length: heads }, (_, head) =>
    packJob('attention_pattern', { circuit_head: head, rows_at: rowsAt, rows: tokens }),
  );
  const rows = Array.from({ length: tokens }, (_, t) => t);
  return {
    words: arena.upload('every head', Uint32Array.from([...jobs.flat(), ...rows])),
    list: { jobsAt: 0, count: heads, rows: tokens },
  };
}

/** What the pattern is made from, and where it goes. */
export interface PatternTensors {
  readonly projections: BufferSlice;
  readonly pattern: BufferSlice;
}

/**
 * projections [T, ports, dh] -> pattern [H, T, S] = softmax(scale q k / temperature) over the tokens up to the query.
 */
export function attentionPattern(
  context: PieceContext,
  topology: Topology,
  layer: number,
  jobs: Jobs,
  at: PatternTensors,
  temperature = 1,
): Promise<Piece> {
  return patternPiece(context, topology, layer, jobs, at, { scores: true, softmax: true }, temperature);
}

/** The lowest score: it stands for minus infinity, since a device need not know infinities. Its weight is 0. */
export const LOWEST_SCORE = Math.fround(-3.4e38);

/**
 * The same in two halves, with the same bits: first the scores [H, T, S], LOWEST_SCORE after the query, then their
 * softmax in place. A query whose scores are all LOWEST_SCORE attends to every token alike.
 */
export async function attentionPatternHalves(
  context: PieceContext,
  topology: Topology,
  layer: number,
  jobs: Jobs,
  at: PatternTensors,
): Promise<{ readonly scores: Piece; readonly softmax: Piece }> {
  return {
    scores: await patternPiece(context, topology, layer, jobs, at, { scores: true, softmax: false }),
    softmax: await patternPiece(context, topology, layer, jobs, at, { scores: false, softmax: true }),
  };
}

async function patternPiece(
  { arena, weights, tokens, sequence }: PieceContext,
  { kvPorts }: Topology,
  layer: number,
  { words, list }: Jobs,
  { projections, pattern }: PatternTensors,
  half: { readonly scores: boolean; readonly softmax: boolean },
  temperature = 1,
): Promise<Piece> {
  const { spec, layout } = weights;
  const operation = await arena.operation('attention_pattern', {
    buffers: { control: words, projections, pattern },
    params: {
      tokens,
      sequence,
      heads: spec.heads,
      kv_ports: kvPorts,
      head4: layout.head4,
      jobs_at: list.jobsAt,
      window: windowOf(spec, layer),
      ...scoreParams(spec, layer, temperature),
    },
    overrides: { SCORES: half.scores ? 1 : 0, SOFTMAX: half.softmax ? 1 : 0 },
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows), list.count) };
}

/** What mixing reads and makes. */
export interface MixTensors {
  readonly projections: BufferSlice;
  readonly pattern: BufferSlice;
  readonly mixed: BufferSlice;
}

/** pattern [H, T, S], values [T, H, dh] -> mixed [H, T, dh]. */
export async function attentionMix(
  { arena, weights, tokens, sequence }: PieceContext,
  { kvPorts }: Topology,
  layer: number,
  { words, list }: Jobs,
  { projections, pattern, mixed }: MixTensors,
): Promise<Piece> {
  const { spec, layout } = weights;
  const { head4 } = layout;
  const operation = await arena.operation('attention_mix', {
    buffers: { control: words, projections, pattern, z: mixed },
    params: {
      tokens,
      sequence,
      heads: spec.heads,
      kv_ports: kvPorts,
      head4,
      jobs_at: list.jobsAt,
      window: windowOf(spec, layer),
    },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows * head4), list.count) };
}

/** What the way back through attention works on. */
export interface AttentionGradients {
  readonly projections: BufferSlice;
  /** Computed again, since a pass keeps the projections only. */
  readonly pattern: Tensor;
  /** [T, H, dh] */
  readonly mixedGradient: Tensor;
  /** The gradient at the pattern, then at the scores [H, T, S]. */
  readonly scoreGradient: Tensor;
  /** [ports, T, dh] */
  readonly projectionGradients: Tensor;
}

/** The gradient at the mixed values -> those at the pattern and at the values. Leaves the pattern, too. */
export async function attentionMixBackward(
  context: PieceContext,
  topology: Topology,
  layer: number,
  rules: BackwardRules,
  heads: Jobs,
  at: AttentionGradients,
): Promise<Piece> {
  const { arena, weights, tokens, sequence } = context;
  const { spec, layout } = weights;
  const pattern = await attentionPattern(context, topology, layer, heads, at);
  const patternGradient = await arena.operation('attention_pattern_gradients', {
    buffers: { dz: at.mixedGradient, projections: at.projections, dp: at.scoreGradient },
    params: {
      tokens,
      sequence,
      heads: spec.heads,
      kv_ports: topology.kvPorts,
      head4: layout.head4,
      window: windowOf(spec, layer),
    },
    overrides: {},
  });
  const values = await weightedSum(context, layer, at.projectionGradients, {
    w: at.pattern,
    x: at.mixedGradient,
    xStride: spec.heads,
    xFirst: 0,
    xPorts: spec.heads,
    outFirst: topology.attentionPort('v', 0),
    outPorts: topology.kvPorts,
    overQueries: true,
    factor: rules.factors.v,
  });
  return {
    encode(recording) {
      pattern.encode(recording);
      recording.dispatch(patternGradient, groupsOf64(tokens), spec.heads);
      recording.dispatch(values, groupsOf64(tokens * layout.head4), topology.kvPorts);
    },
  };
}

/** The gradient at the pattern -> those at the scores, at the queries and at the keys. */
export async function attentionPatternBackward(
  context: PieceContext,
  topology: Topology,
  layer: number,
  rules: BackwardRules,
  heads: Jobs,
  at: AttentionGradients,
): Promise<Piece> {
  const { arena, weights, tokens, sequence } = context;
  const { spec, layout } = weights;
  const { softmaxTemperature, factors } = rules;
  const softened =
    softmaxTemperature === 1
      ? undefined
      : await attentionPattern(context, topology, layer, heads, at, softmaxTemperature);
  const rows = spec.heads * tokens;
  const softmax = await arena.operation('softmax_backward', {
    buffers: { p: at.pattern, gradient: at.scoreGradient },
    params: { rows, columns: sequence, scale: spec.attention.scale[layer]! },
    overrides: {},
  });
  const [q, k] = [topology.attentionPort('q', 0), topology.attentionPort('k', 0)];
  const from = { w: at.scoreGradient, x: at.projections, xStride: topology.attentionPorts };
  const { heads: queryPorts, kvPorts } = topology;
  const sum = (use: Omit<WeightedSum, keyof typeof from>): Promise<Operation> =>
    weightedSum(context, layer, at.projectionGradients, { ...from, ...use });
  const queries = await sum({
    xFirst: k,
    xPorts: kvPorts,
    outFirst: q,
    outPorts: queryPorts,
    overQueries: false,
    factor: factors.q,
  });
  const keys = await sum({
    xFirst: q,
    xPorts: queryPorts,
    outFirst: k,
    outPorts: kvPorts,
    overQueries: true,
    factor: factors.k,
  });
  const softcap = await scoreSoftcapBackward(context, topology, layer, at);
  return {
    encode(recording) {
      softened?.encode(recording);
      recording.dispatchRows(softmax, groupsOf64(rows));
      softcap.encode(recording);
      recording.dispatch(queries, groupsOf64(tokens * layout.head4), queryPorts);
      recording.dispatch(keys, groupsOf64(tokens * layout.head4), kvPorts);
    },
  };
}

/** Takes the gradient at the scores to before their softcap, in place; nothing without one. */
async function scoreSoftcapBackward(
  { arena, weights: { spec, layout }, tokens, sequence }: PieceContext,
  { kvPorts }: Topology,
  layer: number,
  { projections, scoreGradient }: AttentionGradients,
): Promise<Piece> {
  if (spec.attention.softcap === null) return NO_PIECE;
  const operation = await arena.operation('softcap_scores_backward', {
    buffers: { projections, gradient: scoreGradient },
    params: {
      tokens,
      sequence,
      heads: spec.heads,
      kv_ports: kvPorts,
      head4: layout.head4,
      window: windowOf(spec, layer),
      scale: scoreParams(spec, layer).scale,
    },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(tokens), spec.heads) };
}
