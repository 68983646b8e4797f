import type { Topology } from '../circuit/topology.js';
import type { ModelWeights } from '../model/weights.js';
import type { Granularity } from '../circuit/run-identity.js';

/** Adds up prompts' scores in float64, in their order. */
export class ScoreSums {
  /** Per addition edge, per writer, or [writers, width]. */
  readonly values: Float64Array;
  readonly #topology: Topology;
  /** Numbers of one row, padding included. */
  readonly #padded: number;
  /** Numbers of one row without the padding. */
  readonly #real: number;

  constructor(topology: Topology, granularity: Granularity, { spec, layout }: ModelWeights) {
    const count = granularity === 'edge' ? topology.additionEdges : topology.writers.length;
    this.#topology = topology;
    this.#padded = granularity === 'neuron' ? 4 * layout.width4 : 1;
    this.#real = granularity === 'neuron' ? spec.width : 1;
    this.values = new Float64Array(count * this.#real);
  }

  /**
   * Adds the scores of the first `prompts` rows.
   *
   * @param dropped they are edges' scores of a pass that left out one layer: their absolute values count, over the
   * number of such passes that reach the edge's port, L - 1, or L for the logits, which lie in no layer.
   */
  add(scores: Float32Array, prompts: number, dropped: boolean): void {
    const { values } = this;
    const { layers, logitsPort } = this.#topology;
    const perPrompt = (values.length / this.#real) * this.#padded;
    const intoLogits = this.#topology.firstEdge(logitsPort);
    for (let n = 0; n < prompts; n++) {
      for (let i = 0; i < values.length; i++) {
        const at = Math.floor(i / this.#real) * this.#padded + (i % this.#real);
        const score = scores[n * perPrompt + at]!;
        values[i]! += dropped ? Math.abs(score) / (i < intoLogits ? layers - 1 : layers) : score;
      }
    }
  }
}
