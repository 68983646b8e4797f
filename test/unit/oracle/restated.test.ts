/**
 * OLMo 2 and GPT-Neo, which have no reference outside: the literal evaluator against whole-matrix restatements of the
 * Hugging Face modelling code (modeling_olmo2.py, modeling_gpt_neo.py), which share nothing with it.
 */
import { expect, test } from 'vitest';
import { runModel } from '../../oracle/model.js';
import { publishedOracle } from '../../oracle/published-weights.js';
import { tinyGptNeo, tinyOlmo2, type TinyCheckpoint } from '../../support/tiny-checkpoints.js';

type Row = readonly number[];
type Matrix = readonly Row[];

const IDS = [3, 14, 15, 9, 2, 6, 5];

const dot = (a: Row, b: Row): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x + b[i]![j]!));
const softmax = (row: Row): number[] => {
  const most = Math.max(...row);
  const all = row.reduce((sum, x) => sum + Math.exp(x - most), 0);
  return row.map((x) => Math.exp(x - most) / all);
};

/** The operations of torch.nn on the tensors of a checkpoint. */
function modules({ tensors }: TinyCheckpoint) {
  const vector = (name: string): number[] => Array.from(tensors[name]!);
  const rowsOf = (name: string, width: number): number[][] => {
    const values = vector(name);
    return Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
  };
  return {
    embedding: (name: string, ids: Row, width: number): Matrix => ids.map((id) => rowsOf(name, width)[id]!),
    linear: (name: string, x: Matrix): Matrix => {
      const weight = rowsOf(`${name}.weight`, x[0]!.length);
      const bias = `${name}.bias` in tensors ? vector(`${name}.bias`) : weight.map(() => 0);
      return x.map((row) => weight.map((w, i) => dot(row, w) + bias[i]!));
    },
    rmsNorm: (name: string, x: Matrix): Matrix =>
      x.map((row) =>
        row.map((v, i) => (v / Math.sqrt(dot(row, row) / row.length + 1e-6)) * vector(`${name}.weight`)[i]!),
      ),
    layerNorm: (name: string, x: Matrix): Matrix =>
      x.map((row) => {
        const mean = row.reduce((a, b) => a + b) / row.length;
        const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
        const [gain, bias] = [vector(`${name}.weight`), vector(`${name}.bias`)];
        return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * gain[i]! + bias[i]!);
      }),
  };
}

/** Heads side by side in the columns; `sees` says which keys a query sees. */
function attend(
  [q, k, v]: readonly [Matrix, Matrix, Matrix],
  heads: number,
  scale: number,
  sees: (query: number, key: number) => boolean,
): Matrix {
  const width = q[0]!.length / heads;
  const repeats = q[0]!.length / k[0]!.length;
  const part = (row: Row, head: number): Row => row.slice(head * width, (head + 1) * width);
  return q.map((query, i) =>
    Array.from({ length: heads }, (_, head) => {
      const shared = Math.floor(head / repeats);
      const scores = k.map((key, j) => (sees(i, j) ? scale * dot(part(query, head), part(key, shared)) : -Infinity));
      const pattern = softmax(scores);
      return Array.from({ length: width }, (_c, c) =>
        dot(
          pattern,
          v.map((value) => value[shared * width + c]!),
        ),
      );
    }).flat(),
  );
}

/** apply_rotary_pos_emb: x cos + rotate_half(x) sin, of every head. */
function rotary(x: Matrix, width: number, theta: number): Matrix {
  return x.map((row, position) =>
    row.map((value, i) => {
      const [start, c, half] = [i - (i % width), i % width, width / 2];
      const angle = position / theta ** ((2 * (c % half)) / width);
      const other = c < half ? -row[start + c + half]! : row[start + c - half]!;
      return value * Math.cos(angle) + other * Math.sin(angle);
    }),
  );
}

function olmo2(checkpoint: TinyCheckpoint): Matrix {
  const { embedding, linear, rmsNorm } = modules(checkpoint);
  let x = embedding('model.embed_tokens.weight', IDS, 24);
  for (const layer of ['model.layers.0', 'model.layers.1']) {
    const q = rotary(rmsNorm(`${layer}.self_attn.q_norm`, linear(`${layer}.self_attn.q_proj`, x)), 6, 500_000);
    const k = rotary(rmsNorm(`${layer}.self_attn.k_norm`, linear(`${layer}.self_attn.k_proj`, x)), 6, 500_000);
    const z = attend([q, k, linear(`${layer}.self_attn.v_proj`, x)], 4, 1 / Math.sqrt(6), (i, j) => j <= i);
    x = plus(x, rmsNorm(`${layer}.post_attention_layernorm`, linear(`${layer}.self_attn.o_proj`, z)));
    const up = linear(`${layer}.mlp.up_proj`, x);
    const inner = linear(`${layer}.mlp.gate_proj`, x).map((row, i) =>
      row.map((g, c) => (g / (1 + Math.exp(-g))) * up[i]![c]!),
    );
    x = plus(x, rmsNorm(`${layer}.post_feedforward_layernorm`, linear(`${layer}.mlp.down_proj`, inner)));
  }
  return linear('lm_head', rmsNorm('model.norm', x));
}

function gptNeo(checkpoint: TinyCheckpoint): Matrix {
  const { embedding, linear, layerNorm } = modules(checkpoint);
  const tokens = embedding('transformer.wte.weight', IDS, 21);
  const positions = embedding('transformer.wpe.weight', [...IDS.keys()], 21);
  let x = plus(tokens, positions);
  for (const [index, local] of [false, true].entries()) {
    const layer = `transformer.h.${index}`;
    const normed = layerNorm(`${layer}.ln_1`, x);
    const of = (name: string): Matrix => linear(`${layer}.attn.attention.${name}_proj`, normed);
    const z = attend([of('q'), of('k'), of('v')], 3, 1, (i, j) => j <= i && (!local || j > i - 3));
    x = plus(x, linear(`${layer}.attn.attention.out_proj`, z));
    const inner = linear(`${layer}.mlp.c_fc`, layerNorm(`${layer}.ln_2`, x)).map((row) =>
      row.map((v) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
    );
    x = plus(x, linear(`${layer}.mlp.c_proj`, inner));
  }
  const vocabulary = embedding('transformer.wte.weight', [...Array(37).keys()], 21);
  return layerNorm('transformer.ln_f', x).map((row) => vocabulary.map((token) => dot(row, token)));
}

test.each([
  ['olmo2', tinyOlmo2, olmo2],
  ['gpt_neo', tinyGptNeo, gptNeo],
] as const)('%s', async (_, make, restated) => {
  const checkpoint = make(11);
  const model = await publishedOracle(checkpoint.directory);
  const { logits } = runModel(model, IDS);
  const wanted = restated(checkpoint).flat();
  expect(logits.length).toBe(wanted.length);
  logits.forEach((x, i) => {
    if (!(Math.abs(x - wanted[i]!) <= 1e-11 * (1 + Math.abs(wanted[i]!)))) expect.fail(`[${i}]: ${x}, ${wanted[i]}`);
  });
});
