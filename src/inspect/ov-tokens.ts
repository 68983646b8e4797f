import { embedding } from '../block/embedding.js';
import type { HeadCopying } from '../circuit/details.js';
import { Arena } from '../gpu/arena.js';
import type { Matrix } from '../gpu/product/matrix.js';
import type { ModelWeights } from '../model/weights.js';
import { headOutputs, numbersOf, scaledRows } from './head-outputs.js';
import { strongestOfRows, type TokenValue } from './top-tokens.js';

/** A head of the model. */
export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
}

/** What a head writes where it attends to a token, and whether that is the token itself. */
export interface HeadOv {
  /** Per word, in the order asked for: the tokens that it promotes most, strongest first. */
  readonly promotes: readonly (readonly TokenValue[])[];
  readonly copying: HeadCopying;
}

/** How many tokens a word promotes are told; at least 5, by which copying is judged. */
export const OV_TOKENS = 10;
const PROMOTED = { sign: 1, count: OV_TOKENS, centred: false } as const;
/** Most words that are looked at. */
const MOST_WORDS = 128;

/**
 * The words of prompts: their distinct tokens by rising id, without a leading beginning-of-text token. Of more than 128
 * the most frequent count, equally frequent ones by their first place.
 */
export function wordsOf(prompts: readonly (readonly number[])[], bosTokenId: number | null): number[] {
  const counts = new Map<number, number>();
  for (const ids of prompts) {
    ids.forEach((id, position) => {
      if (position > 0 || id !== bosTokenId) counts.set(id, (counts.get(id) ?? 0) + 1);
    });
  }
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_WORDS);
  return frequent.map(([id]) => id).sort((a, b) => a - b);
}

/**
 * What heads write to the logits where they attend to a word, by their weights alone (Elhage et al. 2021, "A
 * Mathematical Framework for Transformer Circuits", the OV circuit):
 *
 *   logits [words, V] = (E[words] g1) W_V W_O g_p g_f U^T
 *
 * with the gains g1 of the head's norm, g_p of the norm after the heads (each where there is one) and g_f of the final
 * one, but neither their centring, scale and bias, nor the biases of attention and logits, nor positions, nor a
 * softcap.
 *
 * Cost: 2 d V FLOPs per word and head, which is a row of the unembedding; the rest is little beside it.
 *
 * @param words token ids, each once, at least one.
 * @param maxBytes most bytes of logits on the device at once.
 * @param onLayer is told of every layer that is done.
 * @param onHead is told of every head: what it writes, through the gains, and the unembedding of the words [words,
 * width] each.
 */
export async function ovTokens(
  weights: ModelWeights,
  heads: readonly HeadPlace[],
  words: readonly number[],
  maxBytes: number,
  onLayer: () => void = () => {},
  onHead: (head: HeadPlace, directions: Float32Array, unembedded: Float32Array) => void = () => {},
): Promise<HeadOv[]> {
  const embedded = await embeddedWords(weights, words);
  const unembedded = await rowsOf(weights, { matrix: weights.unembed, scale: 1 }, words);
  const found = new Map<HeadPlace, HeadOv>();
  for (const layer of new Set(heads.map((head) => head.layer))) {
    const { norm1 } = weights.layers[layer]!;
    const inputs = norm1 ? scaledRows(embedded, await numbersOf(weights, norm1.gain)) : embedded;
    const outputs = await headOutputs(weights, layer, inputs, words.length);
    const gain = await writingGain(weights, layer);
    const asked = heads.filter((head) => head.layer === layer);
    const directions = asked.map(({ head }) => {
      const size = outputs.length / weights.spec.heads;
      return scaledRows(outputs.subarray(head * size, (head + 1) * size), gain);
    });
    const promoted = await strongestOfRows(weights, directions, PROMOTED, maxBytes);
    asked.forEach((head, i) => {
      const promotes = promoted.slice(i * words.length, (i + 1) * words.length);
      found.set(head, { promotes, copying: copyingOf(words, promotes, directions[i]!, unembedded) });
      onHead(head, directions[i]!, unembedded);
    });
    onLayer();
  }
  return heads.map((head) => found.get(head)!);
}

/** The gains between what a head of a layer writes and the unembedding: g_p g_f [width]. */
export async function writingGain(weights: ModelWeights, layer: number): Promise<Float32Array> {
  const { attentionPostNorm } = weights.layers[layer]!;
  const final = await numbersOf(weights, weights.finalNorm.gain);
  return attentionPostNorm ? scaledRows(final, await numbersOf(weights, attentionPostNorm.gain)) : final;
}

/** Token embeddings with their scale [words, width]. */
export function embeddedWords(weights: ModelWeights, words: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  return rowsOf(weights, { matrix: weights.embed, scale: weights.spec.embeddingScale }, words);
}

/** Rows of the embedding or of the unembedding [words, width]. */
async function rowsOf(
  weights: ModelWeights,
  { matrix, scale }: { readonly matrix: Matrix; readonly scale: number },
  words: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const arena = new Arena(weights.gpu);
  try {
    const outputs = arena.tensor('rows of words', [words.length, 4 * weights.layout.width4]);
    const ids = arena.upload('words', Uint32Array.from(words));
    const spec = { ...weights.spec, embeddingScale: scale };
    const context = { arena, weights: { ...weights, embed: matrix, spec }, tokens: words.length, sequence: 1 };
    const rows = await embedding(context, { ids, outputs }, 'token');
    const recording = weights.gpu.record();
    rows.encode(recording);
    const copy = recording.readback(outputs);
    recording.submit();
    return new Float32Array(await copy());
  } finally {
    arena.dispose();
  }
}

/** Whether a head promotes the words that it attends to. @param directions, unembedded [words, width]. */
function copyingOf(
  words: readonly number[],
  promotes: readonly (readonly TokenValue[])[],
  directions: Float32Array,
  unembedded: Float32Array,
): HeadCopying {
  const width = directions.length / words.length;
  const share = (first: number): number =>
    words.filter((word, w) => promotes[w]!.slice(0, first).some(({ id }) => id === word)).length / words.length;
  let own = 0;
  for (let i = 0; i < directions.length; i++) own += directions[i]! * unembedded[i]!;
  // The mean over all pairs is the product of the means.
  let any = 0;
  for (let column = 0; column < width; column++) {
    let [direction, token] = [0, 0];
    for (let i = column; i < directions.length; i += width) {
      direction += directions[i]!;
      token += unembedded[i]!;
    }
    any += direction * token;
  }
  return {
    diagonalMean: own / words.length,
    mean: any / words.length ** 2,
    top1IsSelf: share(1),
    top5HasSelf: share(5),
  };
}
