import { mean } from '../../base/mean.js';
import type { Topology } from '../../circuit/topology.js';
import type { LensReport } from '../../files/own/lens-json.js';
import { embeddedWords, ovTokens } from '../../inspect/ov-tokens.js';
import type { ModelWeights } from '../../model/weights.js';
import { ovEigenvalueCopying } from './ov-eigenvalues.js';
import { qkTokens } from './qk-tokens.js';
import { largestPairs, rowProducts, tablePairs, type WordPair } from './word-pairs.js';

type OvQk = NonNullable<LensReport['ov_qk']>;

/**
 * What every head writes and looks for in tokens, by its weights alone: see ovTokens, qkTokens and ovEigenvalueCopying.
 *
 * @param words token ids, each once, at least one.
 * @param maxBytes most bytes of logits on the device at once.
 * @param onLayer is told how many layers are done, of three times as many as the model has.
 */
export async function ovQk(
  weights: ModelWeights,
  topology: Topology,
  words: readonly number[],
  { distance, maxBytes }: { readonly distance: number; readonly maxBytes: number },
  onLayer: (done: number) => void = () => {},
): Promise<OvQk> {
  const { layers, heads: perLayer } = topology;
  const width = 4 * weights.layout.width4;
  const heads = Array.from({ length: layers * perLayer }, (_, i) => ({
    layer: Math.floor(i / perLayer),
    head: i % perLayer,
  }));
  let done = 0;
  const onDone = (): void => onLayer(++done);
  const among: WordPair[][] = [];
  const ov = await ovTokens(weights, heads, words, maxBytes, onDone, (_, directions, unembedded) => {
    among.push(largestPairs(tablePairs(words, rowProducts(directions, unembedded, width))));
  });
  const embedded = await embeddedWords(weights, words);
  const qk: Float64Array[] = [];
  for (let layer = 0; layer < layers; layer++) {
    qk.push(...(await qkTokens(weights, layer, embedded, distance)));
    onDone();
  }
  const copying = await ovEigenvalueCopying(weights, maxBytes, onDone);
  const found = heads.map(({ layer, head }, i) => {
    const { promotes, copying: own } = ov[i]!;
    const promoted = promotes.flatMap((tokens, w) =>
      // By id, so that of equal values the lower token comes first.
      [...tokens].sort((a, b) => a.id - b.id).map(({ id, logit }): WordPair => [words[w]!, id, logit]),
    );
    return [
      topology.writerName(topology.headWriter(layer, head)),
      {
        ov_top: largestPairs(promoted),
        ov_top_among_words: among[i]!,
        qk_top: largestPairs(tablePairs(words, qk[i]!)),
        ov_copying: {
          diagonal_mean: own.diagonalMean,
          mean: own.mean,
          top1_is_self: own.top1IsSelf,
          top5_has_self: own.top5HasSelf,
        },
        qk_diagonal: {
          diagonal_mean: mean(words.map((_, w) => qk[i]![w * (words.length + 1)]!)),
          mean: mean([...qk[i]!]),
        },
        ov_eigenvalue_copying: copying[layer]![head]!,
      },
    ] as const;
  });
  return { word_ids: [...words], distance, heads: Object.fromEntries(found) };
}
