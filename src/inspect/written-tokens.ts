import type { Topology } from '../circuit/topology.js';
import type { ModelWeights, NormWeights } from '../model/weights.js';
import { headOutputs, numbersOf } from './head-outputs.js';
import { strongestOfRows, TOP_TOKENS, type TokenValue } from './top-tokens.js';
import type { ValueRead } from './uses.js';
import { headLayer, type WrittenRows } from './written-rows.js';

/** What outputs promote where they are used. */
export interface WrittenTokens {
  /** Per asked writer. */
  readonly nodes: readonly (readonly TokenValue[])[];
  /** By value edge. */
  readonly edges: ReadonlyMap<number, readonly TokenValue[]>;
}

/** Rows that go through the matrices of a layer at once. */
const ROWS_AT_ONCE = 128;
const PROMOTED = { sign: 1, count: TOP_TOKENS, centred: true } as const;

/**
 * The tokens that outputs promote, from their means over the prompts (see WrittenRows): directly, and through the
 * values and outputs of the heads that read them. With the gains g, the centring C of norms that subtract means, and
 * the outputs x of a sender that no norm follows:
 *
 *   a node's:  C(x) g_f U^T        of a value edge:  C(C(C(x) g_1 W_V W_O) g_p) g_f U^T
 *
 * with the norms before (1) and after (p) the reader's attention, each where there is one. The scales of the norms are
 * in the means. Biases are left out, and so is the reader's attention: the edge is told as if all of it were on that
 * token. Of a port that several heads read, what they write is added up. Logits are less their mean over the
 * vocabulary.
 *
 * Cost: a row of the unembedding for each writer and value edge.
 */
export async function writtenTokens(
  weights: ModelWeights,
  topology: Topology,
  rows: WrittenRows,
  { asked, reads }: { readonly asked: readonly number[]; readonly reads: readonly ValueRead[] },
  maxBytes: number,
): Promise<WrittenTokens> {
  const norms = new Norms(weights);
  const toStream = async (row: Float64Array, writer: number): Promise<Float64Array> => {
    const layer = headLayer(topology, writer);
    return norms.through(layer === null ? null : weights.layers[layer]!.attentionPostNorm, row);
  };
  const directions: Float64Array[] = [];
  for (const [i, row] of rows.nodes.entries()) {
    directions.push(await norms.through(weights.finalNorm, await toStream(row, asked[i]!)));
  }
  const byEdge = new Map<number, Float64Array>();
  for (const layer of new Set(reads.map(({ reader }) => headLayer(topology, reader)!))) {
    const { norm1, attentionPostNorm } = weights.layers[layer]!;
    const ofLayer = [...reads.keys()].filter((i) => headLayer(topology, reads[i]!.reader) === layer);
    for (let first = 0; first < ofLayer.length; first += ROWS_AT_ONCE) {
      const part = ofLayer.slice(first, first + ROWS_AT_ONCE);
      const width = 4 * weights.layout.width4;
      const inputs = new Float32Array(part.length * width);
      for (const [place, i] of part.entries()) {
        const read = await norms.through(norm1, await toStream(rows.reads[i]!, reads[i]!.sender));
        inputs.set(read, place * width);
      }
      const outputs = await headOutputs(weights, layer, inputs, part.length);
      for (const [place, i] of part.entries()) {
        const { edge, reader } = reads[i]!;
        const head = reader - topology.headWriter(layer, 0);
        const at = (head * part.length + place) * width;
        const written = await norms.through(attentionPostNorm, Float64Array.from(outputs.subarray(at, at + width)));
        const direction = await norms.through(weights.finalNorm, written);
        const sum = byEdge.get(edge);
        byEdge.set(edge, sum ? sum.map((value, column) => value + direction[column]!) : direction);
      }
    }
  }
  directions.push(...byEdge.values());
  const tokens = await strongestOfRows(weights, directions, PROMOTED, maxBytes);
  return {
    nodes: tokens.slice(0, asked.length),
    edges: new Map([...byEdge.keys()].map((edge, i) => [edge, tokens[asked.length + i]!])),
  };
}

/** Norms whose scale is a constant that is in the rows already. */
class Norms {
  readonly #weights: ModelWeights;
  readonly #gains = new Map<NormWeights, Promise<Float32Array>>();

  constructor(weights: ModelWeights) {
    this.#weights = weights;
  }

  /** What a row adds to the norm. Null: there is no norm. @param row [4 * width4] */
  async through(norm: NormWeights | null, row: Float64Array): Promise<Float64Array> {
    if (!norm) return row;
    if (!this.#gains.has(norm)) this.#gains.set(norm, numbersOf(this.#weights, norm.gain));
    const gain = await this.#gains.get(norm)!;
    const { width, norm: rule } = this.#weights.spec;
    const mean = rule.kind === 'layer' ? row.subarray(0, width).reduce((sum, x) => sum + x, 0) / width : 0;
    return row.map((x, i) => (i < width ? (x - mean) * gain[i]! : 0));
  }
}
