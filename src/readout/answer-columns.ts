import type { LogitColumns } from '../block/unembedding.js';
import { Arena } from '../gpu/arena.js';
import { packColumns, PANEL } from '../gpu/product/panels.js';
import type { Layout } from '../model/layout.js';
import type { ModelSpec } from '../model/spec.js';
import type { ModelWeights } from '../model/weights.js';
import { bindAnswerDirections } from './answer-directions.js';
import type { Answers } from './answers.js';

/** Answers whose logits are computed alone: so many tokens at most, or this share of the vocabulary. */
const FEW = { tokens: 64, share: 1 / 8 };

/** Most tokens whose columns are gathered. With more, the logits of all tokens are computed. */
export function mostGathered({ vocab }: Pick<ModelSpec, 'vocab'>): number {
  return Math.max(FEW.tokens, Math.floor(FEW.share * vocab));
}

/** Whether logits are products with the unembedding alone, so that no column is gathered. */
export function logitsAreProducts({ logitBias, logitSoftcap }: Pick<ModelSpec, 'logitBias' | 'logitSoftcap'>): boolean {
  return !logitBias && logitSoftcap === null;
}

/** How many columns a part of such prompts gathers at most. */
export function gatheredColumns(spec: ModelSpec, answers: readonly Answers[]): number {
  return logitsAreProducts(spec) ? 0 : Math.min(answeredTokens(answers).length, mostGathered(spec));
}

/** Shapes of what gathering so many columns takes, in f32 elements. */
export function gatheredTensors({ width4, vocabStride }: Layout, columns: number) {
  return {
    /** One of the panels that the columns are kept in, and how many there are. Each fits a binding. */
    panel: { shape: [4 * width4, PANEL], count: Math.ceil(columns / PANEL) },
    biases: [4 * Math.ceil(columns / 4)],
    /** On the way to the panels: the columns as rows, and copies of these and of all biases for the host. */
    rows: [columns, 4 * width4],
    allBiases: [vocabStride],
  } as const;
}

/** Every token that is an answer, as answeredTokens, where they are few; otherwise undefined. */
export function fewAnsweredTokens(answers: readonly Answers[], vocab: number): readonly number[] | undefined {
  const tokens = answeredTokens(answers);
  return tokens.length > mostGathered({ vocab }) ? undefined : tokens;
}

/** Answers by their places among some tokens. */
export function answersAmong(tokens: readonly number[]): (answers: Answers) => Answers {
  const place = new Map(tokens.map((id, i) => [id, i]));
  const placed = (ids: readonly number[]): number[] => ids.map((id) => place.get(id)!);
  return ({ correct, wrong }) => ({ correct: placed(correct), wrong: placed(wrong) });
}

/** Every token that is an answer, once, ascending; token 0 where there is no answer. */
export function answeredTokens(answers: readonly Answers[]): readonly number[] {
  const tokens = new Set(answers.flatMap(({ correct, wrong }) => [...correct, ...wrong]));
  return tokens.size === 0 ? [0] : [...tokens].sort((a, b) => a - b);
}

/** The unembedding's columns of some tokens, and their biases, widened to f32. Memory: 4 width bytes a token. */
export async function answerColumns(
  arena: Arena,
  weights: ModelWeights,
  tokens: readonly number[],
): Promise<LogitColumns> {
  const { gpu, layout, unembedBias } = weights;
  const rows = new Arena(gpu);
  try {
    const width = 4 * layout.width4;
    const columns = rows.tensor('columns of answers', [tokens.length, width]);
    // The direction of one right answer alone is its column, to the bit.
    const alone = tokens.map((id) => ({ correct: [id], wrong: [] }));
    const encode = await bindAnswerDirections(rows, weights, columns, alone);
    const recording = gpu.record();
    encode(recording);
    recording.submit();
    const values = new Float32Array(await gpu.read(columns)).subarray(0, tokens.length * width);
    const biases = unembedBias && new Float32Array(await gpu.read(unembedBias));
    return {
      unembed: await packColumns(arena, 'unembedding of answers', { storage: 'f32', values }, width),
      unembedBias: biases && arena.upload('biases of answers', biasesOf(biases, tokens)),
      tokens: tokens.length,
    };
  } finally {
    rows.dispose();
  }
}

/** Padded to vec4s. */
function biasesOf(biases: Float32Array, tokens: readonly number[]): Float32Array<ArrayBuffer> {
  const picked = new Float32Array(4 * Math.ceil(tokens.length / 4));
  tokens.forEach((id, i) => (picked[i] = biases[id]!));
  return picked;
}
