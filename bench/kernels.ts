import { ACTIVATIONS } from '../src/block/activation.js';
import { createRng } from '../src/base/rng.js';
import { FROM_CONSTANT } from '../src/pass/input-jobs.js';
import { everyRow, matmul, runMatmul, wholeJobs } from '../src/gpu/product/matmul.js';
import { matmulTransposed, runTransposed } from '../src/gpu/product/transposed.js';
import { Arena, type Tensor } from '../src/gpu/arena.js';
import type { Job } from '../src/gpu/kernel.js';
import type { Gpu } from '../src/gpu/gpu.js';
import { usableTiles, type TileName } from '../src/gpu/product/tiles.js';
import { packMatrix, PANEL4, type Matrix } from '../src/gpu/product/matrix.js';
import { activate, attentionMix, attentionPattern, layerNorm, logSoftmax } from '../test/oracle/ops.js';
import { JobWords } from '../test/support/job-words.js';
import { INSPECTION_KERNELS } from './inspection-kernels.js';
import { probes, random, type KernelBench } from './kernel-bench.js';
import type { Row } from './row.js';
import { SMALL_KERNELS } from './small-kernels.js';
import { time } from './timing.js';

const TOLERANCE = 1e-4;

/** Rows, inner size and columns: the two products of an MLP, the square one, and the unembedding. */
const PRODUCTS = [
  [128, 768, 3072],
  [128, 3072, 768],
  [512, 768, 768],
  [8, 768, 32_768],
] as const;

/** Rows, inner size and columns of a product with a transposed matrix: back through an MLP, and through the unembedding. */
const TRANSPOSED_PRODUCTS = [
  [128, 768, 3072],
  [8, 768, 32_768],
] as const;

/** GFLOP/s and GB/s of every kernel, at sizes of GPT-2 small with 8 prompts of 16 tokens. */
export async function benchKernels(gpu: Gpu): Promise<Row[]> {
  const report: Row[] = [];
  for (const build of [
    ...PRODUCTS.flatMap(([rows, inner, columns]) =>
      usableTiles(gpu.device).map((tile) => (arena: Arena) => matmulBench(arena, tile, rows, inner, columns)),
    ),
    ...TRANSPOSED_PRODUCTS.flatMap(([rows, inner, columns]) =>
      usableTiles(gpu.device).map((tile) => (arena: Arena) => transposedBench(arena, tile, rows, inner, columns)),
    ),
    (arena: Arena) => layerNormBench(arena, 4608, 768),
    (arena: Arena) => portInputsBench(arena, 36, 128, 768, 79),
    (arena: Arena) => attentionPatternBench(arena, 12, 8, 16, 64),
    (arena: Arena) => attentionMixBench(arena, 12, 8, 16, 64),
    (arena: Arena) => logSoftmaxBench(arena, 8, 50_257),
    ...SMALL_KERNELS,
    ...INSPECTION_KERNELS,
  ]) {
    const arena = new Arena(gpu);
    try {
      const bench = await build(arena);
      await assertCorrect(gpu, bench);
      const { min, median } = await time(gpu, bench.encode);
      report.push({
        name: bench.name,
        'ms (median)': 1000 * median,
        'ms (min)': 1000 * min,
        'GFLOP/s': bench.flops[1] / median / 1e9,
        'GB/s': bench.bytes[1] / median / 1e9,
        FLOPs: bench.flops[0],
        bytes: bench.bytes[0],
      });
    } finally {
      arena.dispose();
    }
  }
  return report;
}

async function assertCorrect(gpu: Gpu, bench: KernelBench): Promise<void> {
  const recording = gpu.record();
  bench.encode(recording);
  const read = recording.readback(bench.out);
  recording.submit();
  const data = await read();
  const values = bench.integers ? new Uint32Array(data) : new Float32Array(data);
  for (const [index, expected] of bench.expected) {
    const off = Math.abs(values[index]! - expected) / Math.max(1, Math.abs(expected));
    if (!(off <= TOLERANCE))
      throw new Error(`${bench.name}: output ${index} is ${values[index]}, expected ${expected}`);
  }
}

function matrixOf(arena: Arena, data: Float32Array, rows: number, columns: number): Matrix {
  return packMatrix(arena, 'weight', rows / 4, columns / 4, arena.gpu.maxBinding, (panel, first, count) => {
    for (let r = 0; r < rows; r++)
      panel.set(data.subarray(r * columns + first, r * columns + first + count), r * 4 * PANEL4);
  });
}

export async function matmulBench(
  arena: Arena,
  tile: TileName,
  rows: number,
  inner: number,
  columns: number,
): Promise<KernelBench> {
  const a = random(rows * inner, 1);
  const w = random(inner * columns, 2, inner ** -0.5);
  const bias = random(columns, 3);
  const out = arena.tensor('out', [rows, columns]);
  const operation = await matmul(arena, matrixOf(arena, w, inner, columns), 0, {
    a: arena.upload('a', a),
    out,
    rows,
    inner4: inner / 4,
    outStride: columns / 4,
    jobs: arena.upload(
      'jobs',
      Uint32Array.from(
        wholeJobs({ firstColumn4: 0, columns4: columns / 4 }, [{ a: 0, out: 0, rows: everyRow(rows) }]).flat(),
      ),
    ),
    jobsAt: 0,
    bias: arena.upload('bias', bias),
    activation: ACTIVATIONS['gelu-tanh'],
    tile,
  });
  return {
    name: `matmul ${rows} x ${inner} x ${columns}, ${tile}${tile === arena.gpu.tile ? ' (chosen)' : ''}`,
    encode: (recording) => runMatmul(recording, operation, 1),
    flops: ['2 M K N', 2 * rows * inner * columns],
    bytes: ['4 (MK + KN + MN)', 4 * (rows * inner + inner * columns + rows * columns)],
    out,
    expected: probes(rows * columns).map((index) => {
      const [r, c] = [Math.floor(index / columns), index % columns];
      let sum = bias[c]!;
      for (let k = 0; k < inner; k++) sum += a[r * inner + k]! * w[k * columns + c]!;
      return [index, activate('gelu-tanh', sum)];
    }),
  };
}

async function transposedBench(
  arena: Arena,
  tile: TileName,
  rows: number,
  inner: number,
  columns: number,
): Promise<KernelBench> {
  const dy = random(rows * columns, 1);
  const w = random(inner * columns, 2, columns ** -0.5);
  const out = arena.tensor('out', [rows, inner]);
  const product = await matmulTransposed(arena, matrixOf(arena, w, inner, columns), {
    dy: arena.upload('dy', dy),
    out,
    rows,
    dyStride: columns / 4,
    jobs: [{ dy: 0, out: 0, firstColumn4: 0, endColumn4: columns / 4 }],
    tile,
  });
  return {
    name: `matmul transposed ${rows} x ${columns} x ${inner}, ${tile}${tile === arena.gpu.tile ? ' (chosen)' : ''}`,
    encode: (recording) => runTransposed(arena.gpu, recording, product),
    flops: ['2 M N K', 2 * rows * columns * inner],
    bytes: ['4 (MN + KN + MK)', 4 * (rows * columns + inner * columns + rows * inner)],
    out,
    expected: probes(rows * inner).map((index) => {
      const [r, k] = [Math.floor(index / inner), index % inner];
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += dy[r * columns + c]! * w[k * columns + c]!;
      return [index, sum];
    }),
  };
}

async function layerNormBench(arena: Arena, rows: number, width: number): Promise<KernelBench> {
  const x = random(rows * width, 1);
  const [gain, bias] = [random(width, 2), random(width, 3)];
  const out = arena.tensor('y', [rows, width]);
  const operation = await arena.operation('layer_norm', {
    buffers: { x: arena.upload('x', x), gain: arena.upload('gain', gain), bias: arena.upload('bias', bias), y: out },
    params: { rows, width, width4: width / 4, epsilon: 1e-5 },
    overrides: {},
  });
  return {
    name: `layer_norm ${rows} x ${width}`,
    encode: (recording) => recording.dispatchRows(operation, rows),
    flops: ['8 R d', 8 * rows * width],
    bytes: ['16 R d', 16 * rows * width],
    out,
    expected: probes(rows * width).map((index) => {
      const row = Math.floor(index / width) * width;
      return [index, layerNorm(x.subarray(row, row + width), gain, bias, 1e-5)[index - row]!];
    }),
  };
}

/** Every head port with cut and kept edges of its own, half of each, and no base: the worst case of a layer. */
async function portInputsBench(
  arena: Arena,
  ports: number,
  tokens: number,
  width: number,
  writers: number,
): Promise<KernelBench> {
  const [outputs, ablated] = [random(writers * tokens * width, 1), random(writers * tokens * width, 2)];
  const rng = createRng(4);
  const kept = Array.from({ length: ports }, () => Array.from({ length: writers }, () => rng.below(2) === 1));
  const everyWriter = Array.from({ length: writers }, (_, u) => writers - 1 - u);
  const control = new JobWords('port_inputs', ports);
  const rows = control.list(Array.from({ length: tokens }, (_, t) => t));
  const jobs = kept.map((isKept, port) => {
    const [cut, keptList] = [false, true].map((wanted) =>
      control.list(everyWriter.filter((u) => isKept[u] === wanted)),
    );
    return {
      circuit: 0,
      rows_at: rows.at,
      rows: rows.count,
      first_row: port * tokens,
      slab: FROM_CONSTANT,
      cut_at: cut!.at,
      cut: cut!.count,
      kept_at: keptList!.at,
      kept: keptList!.count,
    };
  });
  const out = arena.tensor('x', [ports, tokens, width]);
  const operation = await arena.operation('port_inputs', {
    buffers: {
      control: arena.upload('control', control.words(jobs)),
      outputs: arena.upload('outputs', outputs),
      ablated: arena.upload('ablated', ablated),
      bias: arena.tensor('bias', [width]),
      positions: arena.tensor('positions', [tokens, width]),
      bases: arena.tensor('no bases', [0]),
      x: out,
    },
    params: {
      tokens,
      sequence: tokens,
      width4: width / 4,
      writer_total: writers,
      jobs_at: 0,
      add_positions: 1,
    },
    overrides: {},
  });
  return {
    name: `port_inputs ${ports} ports, ${writers} writers, ${tokens} x ${width}`,
    encode: (recording) => recording.dispatch(operation, Math.ceil((tokens * width) / 256), ports),
    flops: ['P W T d', ports * writers * tokens * width],
    bytes: ['4 P (W + 1) T d', 4 * ports * (writers + 1) * tokens * width],
    out,
    expected: probes(ports * tokens * width).map((index) => {
      const [port, at] = [Math.floor(index / (tokens * width)), index % (tokens * width)];
      let sum = 0;
      for (let u = 0; u < writers; u++) sum += (kept[port]![u] ? outputs : ablated)[u * tokens * width + at]!;
      return [index, sum];
    }),
  };
}

async function attentionPatternBench(
  arena: Arena,
  heads: number,
  prompts: number,
  sequence: number,
  head: number,
): Promise<KernelBench> {
  const tokens = prompts * sequence;
  const projections = random(3 * heads * tokens * head, 1);
  const out = arena.tensor('pattern', [heads, tokens, sequence]);
  const scale = head ** -0.5;
  const operation = await arena.operation('attention_pattern', {
    buffers: {
      control: everyHead(arena, heads, tokens),
      projections: arena.upload('projections', projections),
      pattern: out,
    },
    params: { tokens, sequence, heads, head4: head / 4, jobs_at: 0, scale },
    overrides: { SCORES: 1, SOFTMAX: 1 },
  });
  const pairs = (sequence * (sequence + 1)) / 2;
  return {
    name: `attention_pattern ${heads} heads, ${prompts} x ${sequence} tokens`,
    encode: (recording) => recording.dispatch(operation, Math.ceil(tokens / 64), heads),
    flops: ['H N S(S+1) dh', 2 * heads * prompts * pairs * head],
    bytes: ['4 H (2 T dh + T S)', 4 * heads * (2 * tokens * head + tokens * sequence)],
    out,
    expected: probes(heads * tokens * sequence).map((index) => {
      const [h, t, key] = [
        Math.floor(index / (tokens * sequence)),
        Math.floor(index / sequence) % tokens,
        index % sequence,
      ];
      const first = t - (t % sequence);
      const part = (port: number): Float32Array => portOf(projections, port, 3 * heads, first, sequence, head);
      return [index, attentionPattern(part(h), part(heads + h), head, scale)[(t - first) * sequence + key]!];
    }),
  };
}

async function attentionMixBench(
  arena: Arena,
  heads: number,
  prompts: number,
  sequence: number,
  head: number,
): Promise<KernelBench> {
  const tokens = prompts * sequence;
  const projections = random(3 * heads * tokens * head, 1);
  // Any lower triangle serves.
  const pattern = random(heads * tokens * sequence, 2).map((value, i) =>
    i % sequence > Math.floor(i / sequence) % sequence ? 0 : value,
  );
  const out = arena.tensor('z', [heads, tokens, head]);
  const operation = await arena.operation('attention_mix', {
    buffers: {
      control: everyHead(arena, heads, tokens),
      projections: arena.upload('projections', projections),
      pattern: arena.upload('pattern', pattern),
      z: out,
    },
    params: { tokens, sequence, heads, head4: head / 4, jobs_at: 0 },
    overrides: {},
  });
  const pairs = (sequence * (sequence + 1)) / 2;
  return {
    name: `attention_mix ${heads} heads, ${prompts} x ${sequence} tokens`,
    encode: (recording) => recording.dispatch(operation, Math.ceil((tokens * head) / 256), heads),
    flops: ['H N S(S+1) dh', 2 * heads * prompts * pairs * head],
    bytes: ['4 H (2 T dh + T S)', 4 * heads * (2 * tokens * head + tokens * sequence)],
    out,
    expected: probes(heads * tokens * head).map((index) => {
      const [h, t, column] = [Math.floor(index / (tokens * head)), Math.floor(index / head) % tokens, index % head];
      const first = t - (t % sequence);
      const p = pattern.subarray((h * tokens + first) * sequence, (h * tokens + first + sequence) * sequence);
      const v = portOf(projections, 2 * heads + h, 3 * heads, first, sequence, head);
      return [index, attentionMix(p, v, head)[(t - first) * head + column]!];
    }),
  };
}

/** The list of heads to compute: all of them, at every token. */
function everyHead(arena: Arena, heads: number, tokens: number): Tensor {
  const control = new JobWords('attention_pattern', heads);
  const rows = control.list(Array.from({ length: tokens }, (_, t) => t));
  const job = (head: number): Job<'attention_pattern'> => ({ circuit_head: head, rows_at: rows.at, rows: rows.count });
  return arena.upload('heads', control.words(Array.from({ length: heads }, (_, head) => job(head))));
}

/** One port's rows `first .. first + count - 1` of [T, ports, head]. */
function portOf(
  projections: Float32Array,
  port: number,
  all: number,
  first: number,
  count: number,
  head: number,
): Float32Array {
  return Float32Array.from({ length: count * head }, (_, i) => {
    const token = first + Math.floor(i / head);
    return projections[(token * all + port) * head + (i % head)]!;
  });
}

async function logSoftmaxBench(arena: Arena, rows: number, vocab: number): Promise<KernelBench> {
  const values = random(rows * vocab, 1, 10);
  const source = arena.upload('logits', values);
  const out = arena.tensor('log-probabilities', [rows, vocab]);
  const operation = await arena.operation('log_softmax', {
    buffers: { values: out },
    params: { rows, vocab, stride: vocab },
    overrides: {},
  });
  return {
    name: `log_softmax ${rows} x ${vocab}`,
    encode: (recording) => {
      recording.copy(source, out);
      recording.dispatchRows(operation, rows);
    },
    flops: ['5 R V', 5 * rows * vocab],
    bytes: ['16 R V', 16 * rows * vocab],
    out,
    expected: probes(rows * vocab).map((index) => {
      const row = Math.floor(index / vocab) * vocab;
      return [index, logSoftmax(values.subarray(row, row + vocab))[index - row]!];
    }),
  };
}
