import { portGroups, writerGroups, type PortGroup, type WriterGroup } from '../block/groups.js';
import type { JointBranch } from '../block/joint-norms.js';
import type { Preactivations } from '../block/mlp.js';
import { everyLogit, type LogitColumns } from '../block/unembedding.js';
import { fillAngles } from '../block/rotary.js';
import type { BackwardRules } from '../block/rules.js';
import type { InputKind } from '../circuit/run-identity.js';
import type { Topology } from '../circuit/topology.js';
import type { Arena, Tensor } from '../gpu/arena.js';
import type { ModelWeights } from '../model/weights.js';
import { answerColumns, answersAmong } from '../readout/answer-columns.js';
import type { Answers } from '../readout/answers.js';
import { gradientLayerTensors, gradientTensors, type GradientShape, type GradientTensor } from './gradient-plan.js';

/** Columns of the unembedding, and how they list answers: by token id, or by their places among a few tokens. */
export interface AnswerColumns extends LogitColumns {
  readonly placed: (answers: Answers) => Answers;
}

/** What every piece of a gradient pass works on. */
export interface GradientFrame {
  readonly weights: ModelWeights;
  readonly topology: Topology;
  readonly shape: GradientShape;
  readonly runs: number;
  /** Prompts of all runs together. */
  readonly prompts: number;
  /** Tokens of all runs together. */
  readonly tokens: number;
  /** How gradients go back. */
  readonly rules: BackwardRules;
  /** Whether position embeddings belong to the writer `input` or are a constant of every port. */
  readonly input: InputKind;
  readonly groups: readonly WriterGroup[];
  readonly portGroups: readonly PortGroup[];
  readonly tensors: Readonly<Record<GradientTensor, Tensor>>;
  /** Of the logits that the pass holds. */
  readonly columns: AnswerColumns;
  /** Per writer group the part of the differences that each run is moved by [runs, groups]. */
  readonly shift: Tensor;
  /**
   * Residual streams [T, d], by the writer group that makes them. In parallel blocks nobody reads those after heads.
   */
  readonly streams: readonly Tensor[];
  /** The stream that the nodes of a writer group read. */
  readBy(group: number): Tensor;
  /** Per layer [T, ports, dh]. */
  readonly projections: readonly Tensor[];
  /** Per layer, queries and keys before their norms [T, ports, dh]; empty where the model has no such norms. */
  readonly unnormed: readonly Tensor[];
  /** Per layer all heads' queries and keys before a norm over them together [T, H dh]; empty where there is none. */
  readonly joint: readonly Readonly<Record<JointBranch, Tensor>>[];
  /** Per layer what the norms after its heads and after its MLP read [T, d]; empty where there are none. */
  readonly attentionSums: readonly Tensor[];
  readonly mlpSums: readonly Tensor[];
  /** Per layer what the MLP's activation reads [T, F], and what a gate multiplies. */
  readonly preactivations: readonly Preactivations[];
}

/** @param shared differences of another pass over the same prompts, which this one reads in place of its own. */
export async function createGradientFrame(
  arena: Arena,
  weights: ModelWeights,
  topology: Topology,
  shape: GradientShape,
  input: InputKind,
  rules: BackwardRules,
  shared?: Tensor,
): Promise<GradientFrame> {
  const { layout } = weights;
  const { runs = 1 } = shape;
  const shapes = Object.entries(gradientTensors(topology, layout, shape));
  const tensors = Object.fromEntries(
    shapes.map(([name, dimensions]) => {
      return [name, name === 'differences' && shared ? shared : arena.tensor(name, dimensions)];
    }),
  );
  fillAngles(weights.gpu, weights.spec, shape.sequence, tensors as Record<GradientTensor, Tensor>);
  const ofLayer = gradientLayerTensors(topology, layout, shape);
  const groups = writerGroups(topology);
  const readers = portGroups(topology);
  const streams = groups.map(({ index }) => {
    const reader = readers.find(({ reads }) => reads === index);
    if (reader?.kind === 'logits') return tensors['lastStream']!;
    return reader?.kind === 'heads'
      ? arena.tensor(`attention stream of layer ${reader.layer}`, ofLayer.attentionStream)
      : arena.tensor(`stream after the heads of group ${index}`, ofLayer.mlpStream);
  });
  return {
    weights,
    topology,
    shape,
    runs,
    prompts: runs * shape.prompts,
    tokens: runs * shape.prompts * shape.sequence,
    input,
    rules,
    groups,
    portGroups: readers,
    tensors: tensors as Record<GradientTensor, Tensor>,
    columns: await answerColumnsOf(arena, weights, shape),
    streams,
    readBy: (group) => streams[readers.find(({ feeds }) => feeds === group)!.reads]!,
    shift: arena.tensor('shift', [runs, groups.length]),
    projections: weights.layers.map((_, l) => arena.tensor(`projections of layer ${l}`, ofLayer.projections)),
    unnormed: weights.layers.map((_, l) => arena.tensor(`projections of layer ${l} before norms`, ofLayer.unnormed)),
    joint: weights.layers.map((_, l) => ({
      q: arena.tensor(`all queries of layer ${l}`, ofLayer.jointQueries),
      k: arena.tensor(`all keys of layer ${l}`, ofLayer.jointKeys),
    })),
    attentionSums: weights.layers.map((_, l) => arena.tensor(`sum of the heads of layer ${l}`, ofLayer.attentionSum)),
    mlpSums: weights.layers.map((_, l) => arena.tensor(`MLP of layer ${l} before its norm`, ofLayer.mlpSum)),
    preactivations: weights.layers.map((_, l) => ({
      before: arena.tensor(`MLP of layer ${l}`, ofLayer.preactivation),
      beside: arena.tensor(`beside the gate of layer ${l}`, ofLayer.besideGate),
    })),
  };
}

async function answerColumnsOf(
  arena: Arena,
  weights: ModelWeights,
  { answered }: GradientShape,
): Promise<AnswerColumns> {
  if (!answered) return { ...everyLogit(weights), placed: (answers) => answers };
  return { ...(await answerColumns(arena, weights, answered)), placed: answersAmong(answered) };
}
