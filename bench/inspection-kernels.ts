import { bindTopColumns } from '../src/readout/top-columns.js';
import { groupsOf64 } from '../src/gpu/workgroups.js';
import type { Arena } from '../src/gpu/arena.js';
import { packColumns } from '../src/gpu/product/panels.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

/** Kernels that tell what nodes do, at the writers of GPT-2 small. */
export const INSPECTION_KERNELS: readonly ((arena: Arena) => Promise<KernelBench>)[] = [
  (arena) => frozenNormBench(arena, 157, 8, 768),
  (arena) => answerDirectionsBench(arena, 8, 768, 8192, 90),
  (arena) => rowDotsBench(arena, 157, 8, 768),
  (arena) => topColumnsBench(arena, 32, 50_257),
];

async function frozenNormBench(arena: Arena, parts: number, prompts: number, width: number): Promise<KernelBench> {
  const x = random(parts * prompts * width, 1);
  const stream = random(prompts * width, 2);
  const out = arena.tensor('y', [parts, prompts, width]);
  const operation = await arena.operation('frozen_norm', {
    buffers: {
      x: arena.upload('x', x),
      rows: arena.upload(
        'rows',
        Uint32Array.from({ length: prompts }, (_, n) => n),
      ),
      stream: arena.upload('stream', stream),
      gain: arena.upload('gain', new Float32Array(width).fill(1)),
      bias: arena.tensor('bias', [width]),
      y: out,
    },
    params: { parts, tokens: prompts, streams: prompts, width, width4: width / 4, epsilon: 1e-5 },
    overrides: { CENTRED: 1 },
  });
  const mean = (row: Float32Array): number => row.reduce((sum, value) => sum + value / width, 0);
  return {
    name: `frozen_norm ${parts} x ${prompts} x ${width}`,
    encode: (recording) => recording.dispatchRows(operation, parts * prompts),
    flops: ['8 U N d', 8 * parts * prompts * width],
    bytes: ['16 U N d', 16 * parts * prompts * width],
    out,
    expected: probes(x.length).map((i) => {
      const row = Math.floor(i / width);
      const own = x.subarray(row * width, (row + 1) * width);
      const whole = stream.subarray((row % prompts) * width, ((row % prompts) + 1) * width);
      const centre = mean(whole);
      const variance = mean(whole.map((value) => (value - centre) ** 2));
      return [i, (x[i]! - mean(own)) / Math.sqrt(variance + 1e-5)];
    }),
  };
}

async function answerDirectionsBench(
  arena: Arena,
  prompts: number,
  width: number,
  vocab: number,
  answers: number,
): Promise<KernelBench> {
  const table = random(vocab * width, 1);
  const matrix = await packColumns(arena, 'unembedding', { storage: 'f32', values: table }, width);
  const ids = Array.from({ length: answers }, (_, i) => (i * 541) % vocab);
  const lists = Array.from({ length: prompts }, () => [4 * prompts, answers, 4 * prompts, 0]).flat();
  const out = arena.tensor('directions', [prompts, width]);
  const zeros = arena.tensor('zeros', [prompts, width]);
  const operation = await arena.operation('answer_directions', {
    buffers: {
      weight: matrix.chunks[0]!.data,
      answers: arena.upload('answers', Uint32Array.from([...lists, ...ids])),
      directions: out,
    },
    params: { prompts, width4: width / 4, first_id: 0, ids_held: vocab },
    overrides: {},
  });
  return {
    name: `answer_directions ${prompts} x ${width}, ${answers} answers`,
    encode: (recording) => {
      recording.copy(zeros, out);
      recording.dispatch(operation, groupsOf64((prompts * width) / 4));
    },
    flops: ['N A d', prompts * answers * width],
    bytes: ['16 N A d', 16 * prompts * answers * width],
    out,
    expected: probes(prompts * width).map((i) => {
      return [i, ids.reduce((sum, id) => sum + table[id * width + (i % width)]! / answers, 0)];
    }),
  };
}

async function rowDotsBench(arena: Arena, parts: number, prompts: number, width: number): Promise<KernelBench> {
  const a = random(parts * prompts * width, 1);
  const b = random(prompts * width, 2);
  const rows = parts * prompts;
  const out = arena.tensor('dots', [rows]);
  const operation = await arena.operation('row_dots', {
    buffers: { a: arena.upload('a', a), b: arena.upload('b', b), dots: out },
    params: { rows, b_rows: prompts, width4: width / 4 },
    overrides: {},
  });
  return {
    name: `row_dots ${rows} x ${width}`,
    encode: (recording) => recording.dispatchRows(operation, rows),
    flops: ['2 R d', 2 * rows * width],
    bytes: ['8 R d', 8 * rows * width],
    out,
    expected: probes(rows).map((row) => {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += a[row * width + i]! * b[(row % prompts) * width + i]!;
      return [row, sum];
    }),
  };
}

async function topColumnsBench(arena: Arena, rows: number, vocab: number): Promise<KernelBench> {
  const COUNT = 8;
  const stride = 4 * Math.ceil(vocab / 4);
  const values = random(rows * stride, 1);
  const shape = { rows, vocab, stride, count: COUNT, sign: 1, centred: true } as const;
  const columns = arena.tensor('columns', [rows, COUNT]);
  const top = await bindTopColumns(arena, { values: arena.upload('values', values), ...shape, columns });
  return {
    name: `top_columns ${rows} x ${vocab}`,
    encode: (recording) => top.encode(recording),
    flops: ['17 R V', (2 * COUNT + 1) * rows * vocab],
    bytes: ['36 R V', 4 * (COUNT + 1) * rows * vocab],
    out: columns,
    integers: true,
    expected: [0, rows - 1].flatMap((row) => {
      const own = values.subarray(row * stride, row * stride + vocab);
      const order = [...own.keys()].sort((x, y) => own[y]! - own[x]!);
      return order.slice(0, COUNT).map((column, k): [number, number] => [row * COUNT + k, column]);
    }),
  };
}
