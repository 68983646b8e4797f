import type { Topology } from '../circuit/topology.js';
import type { ModelWeights } from '../model/weights.js';
import type { Granularity } from '../circuit/run-identity.js';

/** Where the scores of single prompts go. */
export interface PromptRows {
  /** [prompts, addition edges] */
  readonly values: Float32Array;
  /** The prompt of every measurement: a whole answer is measured once for each of its tokens. */
  readonly promptOf: readonly number[];
}

/** Adds up prompts' scores in float64, in their order. */
export class ScoreSums {
  /** Per addition edge, per writer, or [writers, width]. */
  readonly values: Float64Array;
  readonly #rows: PromptRows | undefined;
  readonly #topology: Topology;
  /** Numbers of one row, padding included. */
  readonly #padded: number;
  /** Numbers of one row without the padding. */
  readonly #real: number;

  /** @param rows also takes the scores of each prompt, where edges are scored. */
  constructor(topology: Topology, granularity: Granularity, { spec, layout }: ModelWeights, rows?: PromptRows) {
    this.#rows = rows;
    const count = granularity === 'edge' ? topology.additionEdges : topology.writers.length;
    this.#topology = topology;
    this.#padded = granularity === 'neuron' ? 4 * layout.width4 : 1;
    this.#real = granularity === 'neuron' ? spec.width : 1;
    this.values = new Float64Array(count * this.#real);
  }

  /**
   * Adds the scores of the first `prompts` rows.
   *
   * @param first which measurement the first row is of, of all.
   * @param dropped they are edges' scores of a pass that left out one layer: their absolute values count, over the
   * number of such passes that reach the edge's port, L - 1, or L for the logits, which lie in no layer.
   */
  add(scores: Float32Array, first: number, prompts: number, dropped: boolean): void {
    const { values } = this;
    const { layers, logitsPort } = this.#topology;
    const perPrompt = (values.length / this.#real) * this.#padded;
    const intoLogits = this.#topology.firstEdge(logitsPort);
    const rows = this.#rows;
    for (let n = 0; n < prompts; n++) {
      const row = rows ? rows.promptOf[first + n]! * values.length : 0;
      for (let i = 0; i < values.length; i++) {
        const at = Math.floor(i / this.#real) * this.#padded + (i % this.#real);
        const score = scores[n * perPrompt + at]!;
        const counts = dropped ? Math.abs(score) / (i < intoLogits ? layers - 1 : layers) : score;
        values[i]! += counts;
        if (rows) rows.values[row + i]! += counts;
      }
    }
  }
}
