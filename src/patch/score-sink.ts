import type { GradientFrame } from '../exec/gradient/gradient-frame.js';
import type { BackwardTaps } from '../exec/gradient/gradient-pass.js';
import {
  bindEdgeScores,
  bindNeuronScores,
  bindNodeScores,
  type ScoreProduct,
} from '../exec/gradient/score-products.js';
import type { PortGroup, WriterGroup } from '../exec/gradient/writer-groups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/gpu.js';
import type { Granularity } from '../circuit/run-identity.js';
import { scoreShape } from './attribution-plan.js';

/** Which scores are wanted. */
export interface SinkUse {
  readonly granularity: Granularity;
  /** Some runs count for the writers of one group only. */
  readonly ownGroups: boolean;
  /** Edges into queries and keys are scored elsewhere. */
  readonly valuesOnly: boolean;
}

/** Adds up, prompt by prompt and on the device, the products of differences and gradients of a micro-batch's runs. */
export class ScoreSink {
  /** [N, addition edges], [N, writers] or [N, writers, width]. */
  readonly scores: Tensor;
  /** What the next run's products are multiplied by [1]. */
  readonly weight: Tensor;
  /** By port group over all writers, and where runs count for one group's writers, by that group and port group. */
  readonly #edges: readonly ScoreProduct[];
  readonly #ownEdges: readonly (readonly (ScoreProduct | undefined)[])[];
  /** By writer group; nodes or neurons. */
  readonly #writers: readonly ScoreProduct[];

  static async create(arena: Arena, frame: GradientFrame, use: SinkUse): Promise<ScoreSink> {
    const { topology, weights, groups, portGroups, shape } = frame;
    const scores = arena.tensor('scores', scoreShape(topology, weights.layout, use.granularity, shape.prompts));
    const weight = arena.tensor('weight of a run', [1]);
    if (use.granularity !== 'edge') {
      const bind = use.granularity === 'node' ? bindNodeScores : bindNeuronScores;
      const writers = await Promise.all(groups.map((group) => bind(arena, frame, group, weight, scores)));
      return new ScoreSink(scores, weight, [], [], writers);
    }
    const product = (group: PortGroup, firstWriter: number, writers: number): Promise<ScoreProduct> => {
      const firstPort = use.valuesOnly && group.kind === 'heads' ? 2 * topology.heads : 0;
      const edges = { firstWriter, writers, firstPort, ports: group.ports - firstPort };
      return bindEdgeScores(arena, frame, group, edges, weight, scores);
    };
    const all = await Promise.all(portGroups.map((group) => product(group, 0, topology.fanIn(group.firstPort))));
    const own = await Promise.all(
      (use.ownGroups ? groups : []).map(({ firstWriter, writers }) =>
        Promise.all(
          portGroups.map((group) =>
            firstWriter < topology.fanIn(group.firstPort)
              ? product(group, firstWriter, writers)
              : Promise.resolve(undefined),
          ),
        ),
      ),
    );
    return new ScoreSink(scores, weight, all, own, []);
  }

  private constructor(
    scores: Tensor,
    weight: Tensor,
    edges: readonly ScoreProduct[],
    ownEdges: readonly (readonly (ScoreProduct | undefined)[])[],
    writers: readonly ScoreProduct[],
  ) {
    this.scores = scores;
    this.weight = weight;
    this.#edges = edges;
    this.#ownEdges = ownEdges;
    this.#writers = writers;
  }

  /** Taps that add a run's products. @param own index of the only writer group that the run counts for, null for all. */
  taps(recording: Recording, own: number | null): BackwardTaps {
    if (this.#writers.length > 0) {
      return {
        onWriters: ({ index }: WriterGroup) => {
          if (own === null || own === index) this.#writers[index]!.encode(recording);
        },
      };
    }
    const indexOf = ({ kind, stream }: PortGroup): number => (kind === 'logits' ? this.#edges.length - 1 : stream);
    const products = own === null ? this.#edges : this.#ownEdges[own]!;
    return { onPorts: (group) => products[indexOf(group)]?.encode(recording) };
  }
}
