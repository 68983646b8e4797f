import { sliceOf, type Arena, type Tensor } from '../gpu/arena.js';
import type { Operation } from '../gpu/recording.js';
import { inTurn, type Piece } from '../block/piece.js';
import { normBackward } from '../block/norm.js';
import { outputGradient } from './backward-pieces.js';
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
 * Binds the products of some writers' differences with gradients at ports, into scores [N, addition edges] by edge id.
 * A norm after the heads of a layer stands between their outputs and every port: the gradients are first taken back
 * through it. Cost: 2 T d FLOPs an edge; with such norms also a norm of every port's gradient for each layer before it.
 */
export async function bindEdgeScores(
  arena: Arena,
  frame: GradientFrame,
  group: PortGroup,
  edges: ScoredEdges,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const { tensors, weights, groups } = frame;
  const gradients = group.kind === 'logits' ? tensors.streamGradient : tensors.portGradients;
  if (!weights.spec.postNorms) return bindPortScores(arena, frame, group, edges, gradients, weight, scores);
  const end = edges.firstWriter + edges.writers;
  const pieces: Piece[] = [];
  for (const { kind, layer, firstWriter, writers } of groups) {
    const first = Math.max(firstWriter, edges.firstWriter);
    const last = Math.min(firstWriter + writers, end);
    if (first >= last) continue;
    const part = { ...edges, firstWriter: first, writers: last - first };
    const pulled = kind === 'heads';
    if (pulled) pieces.push(await bindPull(arena, frame, group, gradients, layer));
    const from = pulled ? tensors.pulledGradients : gradients;
    pieces.push(await bindPortScores(arena, frame, group, part, from, weight, scores));
  }
  return inTurn(pieces);
}

/** Takes the gradients at a group's ports [P, T, d] back through the norm after a layer's heads. */
async function bindPull(
  arena: Arena,
  { weights, tensors, tokens, rules, attentionSums }: GradientFrame,
  { ports }: PortGroup,
  gradients: Tensor,
  layer: number,
): Promise<Piece> {
  const { pulledGradients } = tensors;
  const norm = weights.layers[layer]!.attentionPostNorm;
  const at = { x: attentionSums[layer]!, xRows: tokens, gradient: pulledGradients, rows: ports * tokens };
  const back = await normBackward({ arena, weights }, rules, norm, at);
  const size = ports * tokens * 4 * weights.layout.width4;
  return {
    encode(recording) {
      recording.copy(sliceOf(gradients, 0, size), sliceOf(pulledGradients, 0, size));
      back.encode(recording);
    },
  };
}

async function bindPortScores(
  arena: Arena,
  frame: GradientFrame,
  group: PortGroup,
  { firstWriter, writers, firstPort, ports }: ScoredEdges,
  gradients: Tensor,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const { topology } = frame;
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
  const work = productWork(writers, frame.tokens * 4 * frame.weights.layout.width4, ports, 'score products');
  return {
    encode(recording) {
      recording.dispatch(operation, Math.ceil(writers / TILE_WRITERS), Math.ceil(ports / TILE_PORTS), prompts);
      frame.weights.gpu.count(work);
    },
  };
}

/** Where the gradient at the outputs of a group's writers is. Norms after MLPs are part of their output. */
function outputGradientOf(frame: GradientFrame, kind: WriterGroup['kind']): Tensor {
  return kind === 'heads' ? outputGradient(frame) : frame.tensors.streamGradient;
}

/** Binds the products of a writer group's differences with the gradient at its stream, into scores [N, writers]. */
export async function bindNodeScores(
  arena: Arena,
  frame: GradientFrame,
  { kind, firstWriter, writers }: WriterGroup,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const operation = await bindProducts(arena, frame, outputGradientOf(frame, kind), weight, scores, {
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
  frame: GradientFrame,
  { kind, firstWriter, writers }: WriterGroup,
  weight: Tensor,
  scores: Tensor,
): Promise<Piece> {
  const { weights, tensors, topology, tokens, shape } = frame;
  const { width4 } = weights.layout;
  const operation = await arena.operation('neuron_scores', {
    buffers: { weight, differences: tensors.differences, gradient: outputGradientOf(frame, kind), scores },
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
