import { groupsOf64 } from '../src/gpu/workgroups.js';
import { logSoftmax as bindLogSoftmax } from '../src/gpu/rows/log-softmax.js';
import { createRng } from '../src/base/rng.js';
import { FROM_CONSTANT } from '../src/pass/tables/summed-inputs.js';
import type { Arena } from '../src/gpu/arena.js';
import { layerNorm, logSoftmax } from '../test/oracle/ops.js';
import { JobWords } from '../test/support/job-words.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

export async function normBench(arena: Arena, rows: number, width: number): Promise<KernelBench> {
  const x = random(rows * width, 1);
  const [gain, bias] = [random(width, 2), random(width, 3)];
  const out = arena.tensor('y', [rows, width]);
  const operation = await arena.operation('norm', {
    buffers: { x: arena.upload('x', x), gain: arena.upload('gain', gain), bias: arena.upload('bias', bias), y: out },
    params: { rows, width, width4: width / 4, epsilon: 1e-5 },
    overrides: { CENTRED: 1 },
  });
  return {
    name: `norm ${rows} x ${width}`,
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
export async function portInputsBench(
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
      slot: FROM_CONSTANT,
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
      sums: arena.tensor('no sums', [0]),
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
    encode: (recording) => recording.dispatch(operation, groupsOf64((tokens * width) / 4), ports),
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

export async function logSoftmaxBench(arena: Arena, rows: number, vocab: number): Promise<KernelBench> {
  const values = random(rows * vocab, 1, 10);
  const source = arena.upload('logits', values);
  const out = arena.tensor('log-probabilities', [rows, vocab]);
  const piece = await bindLogSoftmax(arena, { values: out, rows, vocab, stride: vocab });
  return {
    name: `log_softmax ${rows} x ${vocab}`,
    encode: (recording) => {
      recording.copy(source, out);
      piece.encode(recording);
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
