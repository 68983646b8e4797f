import type { GradientFrame } from '../gradient/gradient-frame.js';
import type { BackwardTaps } from '../gradient/gradient-pass.js';
import { bindEdgeScores, bindNeuronScores, bindNodeScores, type ScoreProduct } from '../gradient/score-products.js';
import type { PortGroup, WriterGroup } from '../gradient/writer-groups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { Granularity } from '../circuit/run-identity.js';
import { scoreTensors } from './attribution-plan.js';

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
  /** [N, addition edges] */
  readonly edges: Tensor;
  /** [N, writers] or [N, writers, width]; undefined where edges are all that is wanted. */
  readonly nodes: Tensor | undefined;
  /** What the next run's products are multiplied by [1]. */
  readonly weight: Tensor;
  /** By port group over all writers, and where runs count for one group's writers, by that group and port group. */
  readonly #allEdges: readonly ScoreProduct[];
  readonly #ownEdges: readonly (readonly (ScoreProduct | undefined)[])[];
  /** By writer group. */
  readonly #nodes: readonly ScoreProduct[];

  static async create(arena: Arena, frame: GradientFrame, use: SinkUse): Promise<ScoreSink> {
    const { topology, weights, groups, portGroups, shape } = frame;
    const shapes = scoreTensors(topology, weights.layout, use.granularity, shape.prompts);
    const edges = arena.tensor('edge scores', shapes.edges);
    const nodes = shapes.nodes && arena.tensor('node scores', shapes.nodes);
    const weight = arena.tensor('weight of a run', [1]);
    const product = (group: PortGroup, firstWriter: number, writers: number): Promise<ScoreProduct> => {
      const firstPort = use.valuesOnly && group.kind === 'heads' ? 2 * topology.heads : 0;
      const scored = { firstWriter, writers, firstPort, ports: group.ports - firstPort };
      return bindEdgeScores(arena, frame, group, scored, weight, edges);
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
    const bindNodes = use.granularity === 'neuron' ? bindNeuronScores : bindNodeScores;
    const products = nodes ? groups.map((group) => bindNodes(arena, frame, group, weight, nodes)) : [];
    return new ScoreSink({ edges, nodes, weight }, all, own, await Promise.all(products));
  }

  private constructor(
    { edges, nodes, weight }: Pick<ScoreSink, 'edges' | 'nodes' | 'weight'>,
    allEdges: readonly ScoreProduct[],
    ownEdges: readonly (readonly (ScoreProduct | undefined)[])[],
    nodeProducts: readonly ScoreProduct[],
  ) {
    this.edges = edges;
    this.nodes = nodes;
    this.weight = weight;
    this.#allEdges = allEdges;
    this.#ownEdges = ownEdges;
    this.#nodes = nodeProducts;
  }

  /** Records the start of a new sum. */
  clear(recording: Recording): void {
    recording.clear(this.edges);
    if (this.nodes) recording.clear(this.nodes);
  }

  /** Taps that add a run's products. @param own index of the only writer group that the run counts for, null for all. */
  taps(recording: Recording, own: number | null): BackwardTaps {
    const products = own === null ? this.#allEdges : this.#ownEdges[own]!;
    const indexOf = ({ kind, stream }: PortGroup): number => (kind === 'logits' ? products.length - 1 : stream);
    return {
      onPorts: (group) => products[indexOf(group)]?.encode(recording),
      onWriters: ({ index }: WriterGroup) => {
        if (own === null || own === index) this.#nodes[index]?.encode(recording);
      },
    };
  }
}
