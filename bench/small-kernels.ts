import { bindKl } from '../src/readout/kl.js';
import { bindTopColumns } from '../src/readout/top-columns.js';
import { groupsOf64 } from '../src/gpu/workgroups.js';
import type { Arena } from '../src/gpu/arena.js';
import { packColumns } from '../src/gpu/product/panels.js';
import { JobWords } from '../test/support/job-words.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

/** Kernels that move memory and compute next to nothing: lookups, copies, means, and what reads the logits. */
export const SMALL_KERNELS: readonly ((arena: Arena) => Promise<KernelBench>)[] = [
  (arena) => embedBench(arena, 128, 768, 8192),
  (arena) => copyRowsBench(arena, 36, 128, 64),
  (arena) => accumulateMeansBench(arena, 40, 128, 768),
  (arena) => spreadMeansBench(arena, 40, 128, 768),
  (arena) => klBench(arena, 8, 50_257),
  (arena) => argmaxBench(arena, 8, 50_257),
  (arena) => answerScoresBench(arena, 8, 50_257, 90),
];

async function embedBench(arena: Arena, tokens: number, width: number, vocab: number): Promise<KernelBench> {
  const table = random(vocab * width, 1);
  const ids = Uint32Array.from({ length: tokens }, (_, t) => (t * 997) % vocab);
  const matrix = await packColumns(arena, 'embedding', { storage: 'f32', values: table }, width);
  const out = arena.tensor('outputs', [tokens, width]);
  const operation = await arena.operation('embed', {
    buffers: {
      weight: matrix.chunks[0]!.data,
      ids: arena.upload('ids', ids),
      positions: arena.tensor('positions', [tokens, width]),
      outputs: out,
    },
    params: {
      tokens,
      sequence: tokens,
      width4: width / 4,
      first_id: 0,
      ids_held: vocab,
      add_positions: 1,
      circuit_stride: 0,
      scale: 1,
    },
    overrides: {},
  });
  return {
    name: `embed ${tokens} x ${width}`,
    encode: (recording) => recording.dispatch(operation, groupsOf64((tokens * width) / 4), 1),
    flops: ['T d', tokens * width],
    bytes: ['12 T d', 12 * tokens * width],
    out,
    expected: probes(tokens * width).map((i) => [i, table[ids[Math.floor(i / width)]! * width + (i % width)]!]),
  };
}

async function copyRowsBench(arena: Arena, ports: number, tokens: number, head: number): Promise<KernelBench> {
  const ablated = random(ports * tokens * head, 1);
  const out = arena.tensor('projections', [tokens, ports, head]);
  const control = new JobWords('copy_rows', ports);
  const rows = control.list(Array.from({ length: tokens }, (_, t) => t));
  const jobs = Array.from({ length: ports }, (_, port) => ({
    rows: rows.count,
    columns: head,
    out_at: port * head,
    out_stride: ports * head,
    out_rows_at: rows.at,
    source_at: port * head,
    source_stride: ports * head,
    source_step: 1,
    source_rows_at: rows.at,
    adds: 0,
  }));
  const operation = await arena.operation('copy_rows', {
    buffers: {
      control: arena.upload('jobs', control.words(jobs)),
      source: arena.upload('ablated', ablated),
      out: out,
    },
    params: { jobs_at: 0 },
    overrides: {},
  });
  return {
    name: `copy_rows ${ports} of ${tokens} x ${head}`,
    encode: (recording) => recording.dispatch(operation, groupsOf64(tokens * head), 1, ports),
    flops: ['0', 0],
    bytes: ['8 P T dh', 8 * ports * tokens * head],
    out,
    expected: probes(ablated.length).map((i) => [i, ablated[i]!]),
  };
}

async function accumulateMeansBench(
  arena: Arena,
  writers: number,
  tokens: number,
  width: number,
): Promise<KernelBench> {
  const values = random(writers * tokens * width, 1);
  const means = arena.tensor('means', [writers, 1, width]);
  const zeros = arena.tensor('zeros', [writers, 1, width]);
  const operation = await arena.operation('accumulate_means', {
    buffers: {
      writers: arena.upload('writers', values),
      group_of: arena.tensor('groups', [tokens]),
      scale: arena.upload('scale', Float32Array.of(1 / tokens)),
      means,
    },
    params: { tokens, groups: 1, width4: width / 4 },
    overrides: {},
  });
  return {
    name: `accumulate_means ${writers} x ${tokens} x ${width}`,
    encode: (recording) => {
      recording.copy(zeros, means);
      recording.dispatch(operation, groupsOf64(width / 4), writers);
    },
    flops: ['2 W T d', 2 * writers * tokens * width],
    bytes: ['4 W T d', 4 * writers * tokens * width],
    out: means,
    expected: probes(writers * width).map((i) => {
      let sum = 0;
      for (let t = 0; t < tokens; t++) sum += values[(Math.floor(i / width) * tokens + t) * width + (i % width)]!;
      return [i, sum / tokens];
    }),
  };
}

/** What memory alone gives: a copy from one buffer to another. */
export function copyBench(arena: Arena, count: number): Promise<KernelBench> {
  const values = random(count, 1);
  const source = arena.upload('source', values);
  const out = arena.tensor('copy', [count]);
  return Promise.resolve({
    name: `copy of ${count} numbers`,
    encode: (recording) => recording.copy(source, out),
    flops: ['0', 0],
    bytes: ['8 N', 8 * count],
    out,
    expected: probes(count).map((i): [number, number] => [i, values[i]!]),
  });
}

export async function spreadMeansBench(
  arena: Arena,
  writers: number,
  tokens: number,
  width: number,
): Promise<KernelBench> {
  const means = random(writers * width, 1);
  const out = arena.tensor('ablated', [writers, tokens, width]);
  const operation = await arena.operation('spread_means', {
    buffers: { means: arena.upload('means', means), ablated: out },
    params: { tokens, groups: 1, width4: width / 4 },
    overrides: {},
  });
  return {
    name: `spread_means ${writers} x ${tokens} x ${width}`,
    encode: (recording) => recording.dispatch(operation, groupsOf64((tokens * width) / 4), writers),
    flops: ['0', 0],
    bytes: ['4 W T d', 4 * writers * tokens * width],
    out,
    expected: probes(writers * tokens * width).map((i) => {
      return [i, means[Math.floor(i / (tokens * width)) * width + (i % width)]!];
    }),
  };
}

async function klBench(arena: Arena, rows: number, vocab: number): Promise<KernelBench> {
  // Any numbers serve as log-probabilities, as long as their exponentials stay small.
  const p = random(rows * vocab, 1).map((value) => value - 9);
  const q = random(rows * vocab, 2).map((value) => value - 9);
  const out = arena.tensor('kl', [rows]);
  const buffers = { reference: arena.upload('p', p), logProbs: arena.upload('q', q), out };
  const piece = await bindKl(arena, { rows, prompts: rows, vocab, stride: vocab }, buffers);
  return {
    name: `kl_divergence ${rows} x ${vocab}`,
    encode: (recording) => piece.encode(recording, rows),
    flops: ['4 R V', 4 * rows * vocab],
    bytes: ['8 R V', 8 * rows * vocab],
    out,
    expected: Array.from({ length: rows }, (_, row): [number, number] => {
      let sum = 0;
      for (let i = row * vocab; i < (row + 1) * vocab; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
      return [row, sum];
    }),
  };
}

async function argmaxBench(arena: Arena, rows: number, vocab: number): Promise<KernelBench> {
  const values = random(rows * vocab, 1);
  const out = arena.tensor('best', [rows]);
  const shape = { rows, vocab, stride: vocab, count: 1, sign: 1, centred: false } as const;
  const top = await bindTopColumns(arena, { values: arena.upload('values', values), ...shape, columns: out });
  return {
    name: `argmax ${rows} x ${vocab}`,
    encode: (recording) => top.encode(recording),
    flops: ['R V', rows * vocab],
    bytes: ['4 R V', 4 * rows * vocab],
    out,
    integers: true,
    expected: Array.from({ length: rows }, (_, row): [number, number] => {
      const own = values.subarray(row * vocab, (row + 1) * vocab);
      return [row, own.indexOf(own.reduce((a, b) => Math.max(a, b)))];
    }),
  };
}

async function answerScoresBench(arena: Arena, rows: number, vocab: number, answers: number): Promise<KernelBench> {
  const values = random(rows * vocab, 1);
  const lists = Array.from({ length: rows }, () => [4 * rows, answers, 4 * rows, answers]).flat();
  const ids = Array.from({ length: answers }, (_, i) => (i * 541) % vocab);
  const out = arena.tensor('scores', [rows, 2]);
  const operation = await arena.operation('answer_scores', {
    buffers: {
      answers: arena.upload('answers', Uint32Array.from([...lists, ...ids])),
      values: arena.upload('values', values),
      scores: out,
    },
    params: { rows, prompts: rows, stride: vocab },
    overrides: {},
  });
  return {
    name: `answer_scores ${rows} rows, 2 x ${answers} answers`,
    encode: (recording) => recording.dispatch(operation, groupsOf64(rows)),
    flops: ['8 R A', 8 * rows * answers],
    bytes: ['16 R A', 16 * rows * answers],
    out,
    expected: Array.from({ length: rows }, (_, row): [number, number] => {
      return [2 * row, Math.log(ids.reduce((total, id) => total + Math.exp(values[row * vocab + id]!), 0))];
    }),
  };
}
