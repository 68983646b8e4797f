import type { Arena, Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import type { Piece } from '../block/piece.js';
import type { GradientFrame } from './gradient-frame.js';
import { productWork } from '../gpu/work.js';
import { groupsOf64 } from '../gpu/workgroups.js';
import type { PortGroup, WriterGroup } from '../block/groups.js';

/** Tiles of kernels/edge_scores.wgsl: writers and ports that one workgroup makes. */
const TILE_WRITERS = 4;
const TILE_PORTS = 8;

/** Writers that the products of a port group cover, from `firstWriter` on. */
export interface ScoredWriters {
  readonly firstWriter: number;
  readonly writers: number;
}

/** The scored edges of a port group: those from some writers into some ports of the group. */
export interface ScoredEdges extends ScoredWriters {
  readonly firstPort: number;
  readonly ports: number;
}

/**
 * Binds the products of some writers' differences with gradients at ports, into scores [N, addition edges] by edge
 * id.
 */
export async function bindEdgeScores(
  arena: Arena,
  frame: GradientFrame,
  group: PortGroup,
  { firstWriter, writers, firstPort, ports }: ScoredEdges,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const { topology, tensors } = frame;
  const gradients = group.kind === 'logits' ? tensors.streamGradient : tensors.portGradients;
  const fanIn = topology.fanIn(group.firstPort);
  const operation = await bindProducts(arena, frame, gradients, weight, scores, {
    first_writer: firstWriter,
    writers,
    first_port: firstPort,
    ports,
    out_at: topology.firstEdge(group.firstPort + firstPort) + firstWriter,
    port_stride: fanIn,
    stride: topology.additionEdges,
  });
  const { prompts } = frame.shape;
  const work = productWork(writers, frame.tokens * 4 * frame.weights.layout.width4, ports);
  return {
    encode(recording) {
      recording.dispatch(operation, Math.ceil(writers / TILE_WRITERS), Math.ceil(ports / TILE_PORTS), prompts);
      frame.weights.gpu.count(work);
    },
  };
}

/** Binds the products of a writer group's differences with the gradient at its stream, into scores [N, writers]. */
export async function bindNodeScores(
  arena: Arena,
  frame: GradientFrame,
  { firstWriter, writers }: WriterGroup,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const operation = await bindProducts(arena, frame, frame.tensors.streamGradient, weight, scores, {
    first_writer: firstWriter,
    writers,
    first_port: 0,
    ports: 1,
    out_at: firstWriter,
    port_stride: 0,
    stride: frame.topology.writers.length,
  });
  return {
    encode: (recording) => recording.dispatch(operation, Math.ceil(writers / TILE_WRITERS), 1, frame.shape.prompts),
  };
}

interface ProductPlaces {
  readonly first_writer: number;
  readonly writers: number;
  readonly first_port: number;
  readonly ports: number;
  readonly out_at: number;
  readonly port_stride: number;
  readonly stride: number;
}

function bindProducts(
  arena: Arena,
  { weights, tensors, tokens, shape }: GradientFrame,
  gradients: Tensor,
  weight: Tensor,
  scores: Tensor,
  places: ProductPlaces,
): Promise<Operation> {
  return arena.operation('edge_scores', {
    buffers: { weight, differences: tensors.differences, gradients, scores },
    params: { tokens, sequence: shape.sequence, width4: weights.layout.width4, ...places },
    overrides: {},
  });
}

/** Binds the elementwise products behind `bindNodeScores`, into scores [N, writers, width]. */
export async function bindNeuronScores(
  arena: Arena,
  { weights, tensors, topology, tokens, shape }: GradientFrame,
  { firstWriter, writers }: WriterGroup,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const { width4 } = weights.layout;
  const operation = await arena.operation('neuron_scores', {
    buffers: { weight, differences: tensors.differences, gradient: tensors.streamGradient, scores },
    params: {
      tokens,
      sequence: shape.sequence,
      width4,
      first_writer: firstWriter,
      writers,
      writer_total: topology.writers.length,
    },
    overrides: {},
  });
  return {
    encode: (recording) => recording.dispatch(operation, groupsOf64(writers * width4), shape.prompts),
  };
}
