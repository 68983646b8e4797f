import { groupsOf64 } from '../src/gpu/workgroups.js';
import type { Arena, Tensor } from '../src/gpu/arena.js';
import type { Job } from '../src/gpu/kernel.js';
import { attentionMix, attentionPattern } from '../test/oracle/ops.js';
import { JobWords } from '../test/support/job-words.js';
import { probes, random, type KernelBench } from './kernel-bench.js';

export async function attentionPatternBench(
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
    params: { tokens, sequence, heads, kv_ports: heads, head4: head / 4, jobs_at: 0, window: 0, scale, softcap: 0 },
    overrides: { SCORES: 1, SOFTMAX: 1 },
  });
  const pairs = (sequence * (sequence + 1)) / 2;
  return {
    name: `attention_pattern ${heads} heads, ${prompts} x ${sequence} tokens`,
    encode: (recording) => recording.dispatch(operation, groupsOf64(tokens), heads),
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

export async function attentionMixBench(
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
    params: { tokens, sequence, heads, kv_ports: heads, head4: head / 4, jobs_at: 0, window: 0 },
    overrides: {},
  });
  const pairs = (sequence * (sequence + 1)) / 2;
  return {
    name: `attention_mix ${heads} heads, ${prompts} x ${sequence} tokens`,
    encode: (recording) => recording.dispatch(operation, groupsOf64((tokens * head) / 4), heads),
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
