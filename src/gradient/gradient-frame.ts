import type { Topology } from '../circuit/topology.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { gradientLayerTensors, gradientTensors, type GradientShape, type GradientTensor } from './gradient-plan.js';
import { portGroups, writerGroups, type PortGroup, type WriterGroup } from './writer-groups.js';

/** What every operation of a gradient pass works on. */
export interface GradientFrame {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly shape: GradientShape;
  readonly tokens: number;
  /** Position embeddings belong to the writer `input`; otherwise they are a constant of every port. */
  readonly positionsInInput: boolean;
  readonly groups: readonly WriterGroup[];
  readonly portGroups: readonly PortGroup[];
  readonly tensors: Readonly<Record<GradientTensor, Tensor>>;
  /** Per writer group the part of the differences that its run is moved by [2L + 1]. */
  readonly shift: Tensor;
  /** Residual streams: streams[g] after writer group g. */
  readonly streams: readonly Tensor[];
  /** Per layer [T, 3H, head]. */
  readonly projections: readonly Tensor[];
  /** Per layer [T, mlp]. */
  readonly preactivations: readonly Tensor[];
}

export function createGradientFrame(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: GradientShape,
  positionsInInput: boolean,
): GradientFrame {
  const { layout } = weights;
  const shapes = Object.entries(gradientTensors(topology, layout, shape));
  const tensors = Object.fromEntries(shapes.map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]));
  const ofLayer = gradientLayerTensors(topology, layout, shape);
  const groups = writerGroups(topology);
  return {
    weights,
    topology,
    shape,
    tokens: shape.prompts * shape.sequence,
    positionsInInput,
    groups,
    portGroups: portGroups(topology),
    tensors: tensors as Record<GradientTensor, Tensor>,
    streams: [
      ...weights.layers.flatMap((_, l) => [
        arena.tensor(`attention stream of layer ${l}`, ofLayer.attentionStream),
        arena.tensor(`MLP stream of layer ${l}`, ofLayer.mlpStream),
      ]),
      tensors['lastStream']!,
    ],
    shift: arena.tensor('shift', [groups.length]),
    projections: weights.layers.map((_, l) => arena.tensor(`projections of layer ${l}`, ofLayer.projections)),
    preactivations: weights.layers.map((_, l) => arena.tensor(`MLP of layer ${l}`, ofLayer.preactivation)),
  };
}
