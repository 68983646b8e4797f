import { portGroups, writerGroups, type PortGroup, type WriterGroup } from '../block/groups.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { gradientLayerTensors, gradientTensors, type GradientShape, type GradientTensor } from './gradient-plan.js';

/** What every piece of a gradient pass works on. */
export interface GradientFrame {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly shape: GradientShape;
  readonly tokens: number;
  /** Whether position embeddings belong to the writer `input` or are a constant of every port. */
  readonly input: InputKind;
  readonly groups: readonly WriterGroup[];
  readonly portGroups: readonly PortGroup[];
  readonly tensors: Readonly<Record<GradientTensor, Tensor>>;
  /** Per writer group the part of the differences that its run is moved by [groups]. */
  readonly shift: Tensor;
  /** Residual streams [T, d], by the writer group that makes them. */
  readonly streams: readonly Tensor[];
  /** The stream that the nodes of a writer group read. */
  readBy(group: number): Tensor;
  /** Per layer [T, ports, dh]. */
  readonly projections: readonly Tensor[];
  /** Per layer [T, F]. */
  readonly preactivations: readonly Tensor[];
}

export function createGradientFrame(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: GradientShape,
  input: InputKind,
): GradientFrame {
  const { layout } = weights;
  const shapes = Object.entries(gradientTensors(topology, layout, shape));
  const tensors = Object.fromEntries(shapes.map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]));
  const ofLayer = gradientLayerTensors(topology, layout, shape);
  const groups = writerGroups(topology);
  const readers = portGroups(topology);
  const streams = groups.map(({ index }) => {
    const reader = readers.find(({ reads }) => reads === index)!;
    if (reader.kind === 'logits') return tensors['lastStream']!;
    return reader.kind === 'heads'
      ? arena.tensor(`attention stream of layer ${reader.layer}`, ofLayer.attentionStream)
      : arena.tensor(`MLP stream of layer ${reader.layer}`, ofLayer.mlpStream);
  });
  return {
    weights,
    topology,
    shape,
    tokens: shape.prompts * shape.sequence,
    input,
    groups,
    portGroups: readers,
    tensors: tensors as Record<GradientTensor, Tensor>,
    streams,
    readBy: (group) => streams[readers.find(({ feeds }) => feeds === group)!.reads]!,
    shift: arena.tensor('shift', [groups.length]),
    projections: weights.layers.map((_, l) => arena.tensor(`projections of layer ${l}`, ofLayer.projections)),
    preactivations: weights.layers.map((_, l) => arena.tensor(`MLP of layer ${l}`, ofLayer.preactivation)),
  };
}
