import { rotaryFrequencies } from '../../block/rotary.js';
import { numbersOf, scaledRows } from '../../inspect/head-outputs.js';
import { projectionColumn4, projectionHead } from '../../model/layout.js';
import type { ModelSpec } from '../../model/spec.js';
import type { ModelWeights } from '../../model/weights.js';
import { rowsThrough } from './rows-through.js';
import { rowProducts } from './word-pairs.js';

/**
 * How much the heads of a layer would attend from a word to a word, by their weights alone (Elhage et al. 2021, the QK
 * circuit): by head, [query, key]
 *
 *   scores = scale (E[query] g1 W_Q g_q R) (E[key] g1 W_K g_k)^T
 *
 * with the gains of the norm before attention and of norms of queries and keys, each where there is one, but neither
 * centring, scales of norms and biases, nor learned positions, nor a softcap. R turns queries by rotary positions, the
 * key standing `distance` tokens before. A head reads the keys of its own key/value head.
 *
 * Cost: 2 d (H + 2 G) dh FLOPs a word, and 2 dh for each pair of words and head on the host.
 *
 * @param embedded token embeddings of the words [words, 4 width4].
 */
export async function qkTokens(
  weights: ModelWeights,
  layer: number,
  embedded: Float32Array<ArrayBuffer>,
  distance: number,
): Promise<Float64Array[]> {
  const { spec, layout, layers } = weights;
  const { norm1, qkv, queryKeyNorm } = layers[layer]!;
  const words = embedded.length / (4 * layout.width4);
  const inputs = norm1 ? scaledRows(embedded, await numbersOf(weights, norm1.gain)) : embedded;
  const gains = queryKeyNorm && (await numbersOf(weights, queryKeyNorm.gain));
  const columns = 4 * qkv.columns4;
  const projected = await rowsThrough(weights, qkv, inputs);
  const headWidth = 4 * layout.head4;
  const branch = (which: 'q' | 'k', head: number): Float64Array => {
    const first = 4 * projectionColumn4(layout, which, head);
    // Gains are those of the query heads, then those of the key heads.
    const gainAt = projectionHead(layout, which, head) * headWidth;
    return Float64Array.from({ length: words * headWidth }, (_, i) => {
      const [word, c] = [Math.floor(i / headWidth), i % headWidth];
      return projected[word * columns + first + c]! * (gains ? gains[gainAt + c]! : 1);
    });
  };
  const scale = spec.attention.scale[layer]!;
  return Array.from({ length: spec.heads }, (_, head) => {
    const queries = turned(branch('q', head), headWidth, frequenciesOf(spec, layer), distance);
    return rowProducts(queries, branch('k', head), headWidth).map((product_) => scale * product_);
  });
}

function frequenciesOf({ positions, attention }: ModelSpec, layer: number): Float64Array {
  if (positions.kind !== 'rotary') return new Float64Array();
  return rotaryFrequencies(positions.dims, attention.window[layer] === null ? positions.global : positions.local);
}

/** Rows turned as at a position: dimension i with i + the number of frequencies. */
function turned(rows: Float64Array, stride: number, frequencies: Float64Array, position: number): Float64Array {
  const result = Float64Array.from(rows);
  for (let start = 0; start < rows.length; start += stride) {
    frequencies.forEach((frequency, i) => {
      const [cos, sin] = [Math.cos(position * frequency), Math.sin(position * frequency)];
      const [x, y] = [rows[start + i]!, rows[start + i + frequencies.length]!];
      result[start + i] = x * cos - y * sin;
      result[start + i + frequencies.length] = y * cos + x * sin;
    });
  }
  return result;
}
