import type { Topology } from '../circuit/topology.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { CircuitTables } from './circuit-tables.js';
import { layerTensors, passTensors, type PassShape, type PassTensor } from './pass-plan.js';

/** What all operations of a pass are bound to: the model, the sizes, the activations and the tables of circuits. */
export interface PassFrame {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly shape: PassShape;
  /** T = prompts * sequence. */
  readonly tokens: number;
  /** Position embeddings belong to the writer `input`; otherwise they are a constant of every port. */
  readonly positionsInInput: boolean;
  readonly tensors: Readonly<Record<PassTensor, Tensor>>;
  /** Queries, keys and values, per layer [C, T, 3H, head]. */
  readonly ports: readonly Tensor[];
  readonly tables: CircuitTables;
  /** The tables on the device. */
  readonly control: Tensor;
}

export function createFrame(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: PassShape,
  positionsInInput: boolean,
): PassFrame {
  const tokens = shape.prompts * shape.sequence;
  const tables = new CircuitTables(topology, weights.layout, weights.layers, tokens, shape.circuits);
  const layerShapes = layerTensors(topology, weights.layout, shape);
  const shapes = Object.entries(passTensors(topology, weights.layout, shape));
  const tensors = Object.fromEntries(shapes.map(([name, dimensions]) => [name, arena.tensor(name, dimensions)]));
  return {
    weights,
    topology,
    shape,
    tokens,
    positionsInInput,
    tensors: tensors as Record<PassTensor, Tensor>,
    ports: weights.layers.map((_, l) => arena.tensor(`ports of layer ${l}`, layerShapes.ports)),
    tables,
    control: arena.tensor('circuit tables', [tables.words.length]),
  };
}
