import type { InputKind } from '../circuit/run-identity.js';
import { jobSize, packJob, type BufferSlice } from '../gpu/kernel.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import { dispatchJobRows, type JobList, type Piece, type PieceContext } from '../block/piece.js';
import { FROM_CONSTANT } from './tables/summed-inputs.js';

/** What the inputs of ports are added up from. */
export interface PortSources {
  /** Lists jobs, rows and writers. */
  readonly words: BufferSlice;
  /** What the writers of the circuits put out [C, W, T, d]. */
  readonly outputs: BufferSlice;
  /** What cut edges carry [W, T, d]. */
  readonly ablated: BufferSlice;
  /** Kept sums over cut writers [slots, T, d]. */
  readonly cutSums: BufferSlice;
  /** The constant of the ports: the sum of the attention output biases before them [d]. */
  readonly bias: BufferSlice;
  readonly writers: number;
  /** Positions are a constant of every port unless the writer `input` has them. */
  readonly input: InputKind;
}

/** Brings kept sums over cut writers up to date: cutSums[slot] [T, d]. */
export async function portCutSums(
  { arena, weights, tokens, sequence }: PieceContext,
  { words, ablated, cutSums, bias, input }: PortSources,
  list: JobList,
): Promise<Piece> {
  const { positions, layout } = weights;
  const { width4 } = layout;
  const operation = await arena.operation('cut_sums', {
    buffers: { control: words, ablated, bias, positions: positions ?? bias, sums: cutSums },
    params: { tokens, sequence, width4, jobs_at: list.jobsAt, add_positions: positions && input === 'token' ? 1 : 0 },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows * width4), list.count) };
}

/** Outputs and ablated outputs of writers [W, T, d] -> the inputs of ports [rows of all jobs, d], before their norm. */
export async function portInputs(
  { arena, weights, tokens, sequence }: PieceContext,
  { words, outputs, ablated, cutSums, bias, writers, input }: PortSources,
  list: JobList,
  inputs: BufferSlice,
): Promise<Piece> {
  const { positions, layout } = weights;
  const { width4 } = layout;
  const operation = await arena.operation('port_inputs', {
    buffers: { control: words, outputs, ablated, bias, positions: positions ?? bias, sums: cutSums, x: inputs },
    params: {
      tokens,
      sequence,
      width4,
      writer_total: writers,
      jobs_at: list.jobsAt,
      add_positions: positions && input === 'token' ? 1 : 0,
    },
    overrides: {},
  });
  return { encode: (recording) => recording.dispatch(operation, groupsOf64(list.rows * width4), list.count) };
}

/** The gains of the norms after the heads, and the output biases within them [L, d]. */
export interface PostNorms {
  readonly gains: BufferSlice;
  readonly biases: BufferSlice;
}

/** The same in a model that norms what the heads of a layer add up to. */
export async function normedPortInputs(
  { arena, weights, tokens, sequence }: PieceContext,
  { words, outputs, ablated, writers, input }: PortSources,
  { gains, biases }: PostNorms,
  list: JobList,
  inputs: BufferSlice,
): Promise<Piece> {
  const { positions, layout, spec } = weights;
  const operation = await arena.operation('port_inputs_normed', {
    buffers: { control: words, outputs, ablated, gain: gains, bias: biases, positions: positions ?? biases, x: inputs },
    params: {
      tokens,
      sequence,
      width: spec.width,
      width4: layout.width4,
      writer_total: writers,
      jobs_at: list.jobsAt,
      add_positions: positions && input === 'token' ? 1 : 0,
      epsilon: spec.norm.epsilon,
    },
    overrides: {},
  });
  return { encode: (recording) => dispatchJobRows(recording, arena.gpu, operation, list) };
}

/** What a port reads beside its writers, at some tokens: inputs [rows, d]. */
export function portConstants(
  context: PieceContext,
  sources: Pick<PortSources, 'bias' | 'input'> & { readonly anyWriters: BufferSlice },
  rows: Uint32Array<ArrayBuffer>,
  inputs: BufferSlice,
): Promise<Piece> {
  // One job: no kept sum, no cut writer, no kept one. Its rows follow.
  const job = packJob('port_inputs', {
    circuit: 0,
    rows_at: jobSize('port_inputs'),
    rows: rows.length,
    first_row: 0,
    slot: FROM_CONSTANT,
    cut_at: 0,
    cut: 0,
    kept_at: 0,
    kept: 0,
  });
  const words = context.arena.upload('job of no writer', Uint32Array.of(...job, ...rows));
  const { anyWriters, bias, input } = sources;
  const none = { outputs: anyWriters, ablated: anyWriters, cutSums: anyWriters, writers: 0 };
  return portInputs(context, { words, bias, input, ...none }, { jobsAt: 0, count: 1, rows: rows.length }, inputs);
}
