import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import { portGroups, type PortGroup } from '../block/groups.js';
import { fillAngles } from '../block/rotary.js';
import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { CircuitTables } from './tables/circuit-tables.js';
import { layerTensors, scratchTensors, stateTensors, type PassShape, type ScratchTensor } from './pass-plan.js';

/** Changes that a submission takes, in times of all words: a pass changes a hundredth of them or less. */
export const CHANGES_ROOM = 2;

/**
 * What passes over different prompts share, one after the other: the model, the sizes, the tensors to work in and the
 * tables of circuits.
 */
export interface PassScratch {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly shape: PassShape;
  /** Whether position embeddings belong to the writer `input` or are a constant of every port. */
  readonly input: InputKind;
  readonly tensors: Readonly<Record<ScratchTensor, Tensor>>;
  readonly tables: CircuitTables;
  /** The tables on the device. */
  readonly control: Tensor;
  /** Changes of the tables on their way there. */
  readonly changes: Tensor;
}

/** What all pieces of a pass are bound to. */
export interface PassFrame extends PassScratch {
  /** T = prompts * sequence. */
  readonly tokens: number;
  readonly portGroups: readonly PortGroup[];
  /** Outputs of all writers [C, W, T, d]. */
  readonly outputs: Tensor;
  /** Kept sums over cut writers [slots, T, d], see CutSums. */
  readonly cutSums: Tensor;
  /** Queries, keys and values, per layer [C, T, ports, dh]. */
  readonly projections: readonly Tensor[];
}

export function createScratch(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: PassShape,
  input: InputKind,
): PassScratch {
  const tables = new CircuitTables(topology, weights.layout, shape, weights.chunkBytes);
  const shapes = Object.entries(scratchTensors(topology, weights.layout, shape));
  const tensors = Object.fromEntries(shapes.map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]));
  fillAngles(weights.gpu, weights.spec, shape.sequence, tensors as Record<ScratchTensor, Tensor>);
  joinPostNorms(weights, tensors as Record<ScratchTensor, Tensor>);
  return {
    weights,
    topology,
    shape,
    input,
    tensors: tensors as Record<ScratchTensor, Tensor>,
    tables,
    control: arena.tensor('circuit tables', [tables.words.length]),
    changes: arena.tensor('changes of circuit tables', [CHANGES_ROOM * tables.words.length]),
  };
}

/** Puts the norms after the heads of all layers side by side: a port reads all of them. */
function joinPostNorms(
  { gpu, layers, layout }: ModelWeights,
  { postNormGains, postNormBiases }: Readonly<Record<ScratchTensor, Tensor>>,
): void {
  if (!layout.postNorms) return;
  const recording = gpu.record();
  const width = 4 * layout.width4;
  layers.forEach(({ attentionPostNorm, attentionOutBias }, l) => {
    recording.copy(attentionPostNorm!.gain, sliceOf(postNormGains, l * width, width));
    recording.copy(attentionOutBias, sliceOf(postNormBiases, l * width, width));
  });
  recording.submit();
}

export function createFrame(arena: Arena, scratch: PassScratch): PassFrame {
  const { weights, topology, shape } = scratch;
  const state = stateTensors(topology, weights.layout, shape);
  const { projections } = layerTensors(topology, weights.layout, shape);
  return {
    ...scratch,
    tokens: shape.prompts * shape.sequence,
    portGroups: portGroups(topology),
    outputs: arena.tensor('outputs', state.outputs),
    cutSums: arena.tensor('sums over cut writers', state.cutSums),
    projections: weights.layers.map((_, l) => arena.tensor(`projections of layer ${l}`, projections)),
  };
}
