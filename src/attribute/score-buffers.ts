import type { GradientFrame } from '../gradient/gradient-frame.js';
import { bindEdgeScores, bindNeuronScores, bindNodeScores } from '../gradient/score-products.js';
import type { PortGroup, WriterGroup } from '../block/groups.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { Recording } from '../gpu/recording.js';
import type { Piece } from '../block/piece.js';
import type { Taps } from '../block/places.js';
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
  /** What the products of the next runs are multiplied by [runs]; 0 leaves one out. */
  readonly weight: Tensor;
  readonly #frame: GradientFrame;
  /** By port group over all writers, and where runs count for one group's writers, by that group and port group. */
  readonly #allEdges: readonly Piece[];
  readonly #ownEdges: readonly (readonly (Piece | undefined)[])[];
  /** By writer group. */
  readonly #nodes: readonly Piece[];

  /** @param onto another pass's sink over the same prompts: runs of both add to its scores. */
  static async create(arena: Arena, frame: GradientFrame, use: SinkUse, onto?: ScoreSink): Promise<ScoreSink> {
    const { topology, weights, groups, portGroups, shape, runs } = frame;
    const shapes = scoreTensors(topology, weights.layout, use.granularity, shape.prompts);
    const edges = onto?.edges ?? arena.tensor('edge scores', shapes.edges);
    const nodes = shapes.nodes && (onto?.nodes ?? arena.tensor('node scores', shapes.nodes));
    const weight = arena.tensor('weights of runs', [runs]);
    const product = (group: PortGroup, firstWriter: number, writers: number): Promise<Piece> => {
      const firstPort = use.valuesOnly && group.kind === 'heads' ? topology.attentionPort('v', 0) : 0;
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
    return new ScoreSink(frame, { edges, nodes, weight }, all, own, await Promise.all(products));
  }

  private constructor(
    frame: GradientFrame,
    { edges, nodes, weight }: Pick<ScoreSink, 'edges' | 'nodes' | 'weight'>,
    allEdges: readonly Piece[],
    ownEdges: readonly (readonly (Piece | undefined)[])[],
    nodeProducts: readonly Piece[],
  ) {
    this.#frame = frame;
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

  /**
   * Taps on the way back that add a run's products. @param own index of the only writer group that the run counts
   * for.
   */
  taps(recording: Recording, own: number | null): Taps {
    const products = own === null ? this.#allEdges : this.#ownEdges[own]!;
    const edges = (kind: PortGroup['kind']) => (layer: number) => {
      const group = this.#frame.portGroups.find(
        (other) => other.kind === kind && (kind === 'logits' || other.layer === layer),
      )!;
      products[group.index]?.encode(recording);
    };
    const nodes = (kind: WriterGroup['kind']) => (layer: number) => {
      const { index } = this.#frame.groups.find((other) => other.kind === kind && other.layer === layer)!;
      if (own === null || own === index) this.#nodes[index]?.encode(recording);
    };
    return {
      'final input': edges('logits'),
      'attention inputs': edges('heads'),
      'head outputs': nodes('heads'),
      embedding: nodes('input'),
      ...(this.#frame.topology.attentionOnly ? {} : { 'mlp input': edges('mlp'), 'mlp output': nodes('mlp') }),
    };
  }
}
