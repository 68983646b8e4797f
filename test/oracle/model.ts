/**
 * The literal evaluator: edge patching in float64 and plain loops, one prompt at a time, every port's input summed anew
 * from the edge list. Slow and obvious on purpose: the other evaluators are checked against it.
 */
import type { EdgeSet } from '../../src/circuit/edge-set.js';
import { BRANCHES, type Branch } from '../../src/circuit/nodes.js';
import { Topology } from '../../src/circuit/topology.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { layerTensor, weightTable, type LayerTensor, type TensorName } from '../../src/model/weight-table.js';
import type { Place } from '../../src/block/places.js';
import {
  activateAll,
  attentionMix,
  attentionScores,
  causalSoftmax,
  layerNorm,
  matmul,
  matmulTransposed,
} from './ops.js';

/** What the `input` writer holds: positions are then a constant of every port, or part of the writer. */
export type InputKind = 'token' | 'token+position';

export interface OracleModel {
  readonly spec: ModelSpec;
  readonly topology: Topology;
  readonly input: InputKind;
  tensor(name: TensorName): Float64Array;
}

/** Everything that one pass over one prompt of S tokens computes. */
export interface Pass {
  /** Per writer its output [S, d]; heads without the attention's output bias, MLPs with theirs. */
  readonly writers: readonly Float64Array[];
  /** Per port its input [S, d], before the norm. */
  readonly ports: readonly Float64Array[];
  /** Per attention port its q, k or v [S, dh]; undefined for other ports. */
  readonly projections: readonly (Float64Array | undefined)[];
  /** Per attention head, layer by layer, its pattern [S, S]. */
  readonly patterns: readonly Float64Array[];
  /** [S, V] */
  readonly logits: Float64Array;
}

/** What cut edges carry: addition edges the writer's value, direct edges the projection. A Pass is one (resample). */
export type AblationValues = Pick<Pass, 'writers' | 'projections'>;

/** Operations that a pass computes otherwise than the model; where absent, the model's own. */
export interface PassRules {
  /** The norm of a port's input. */
  readonly norm?: (port: number, x: Float64Array, gain: Float64Array, bias: Float64Array) => Float64Array;
  /** The activation of a layer's MLP. */
  readonly activate?: (layer: number, hidden: Float64Array) => Float64Array;
  /** The mixed values of a head, from its projections. */
  readonly attend?: (writer: number, q: Float64Array, k: Float64Array, v: Float64Array) => Float64Array;
  /**
   * Sees every place of the run, and may give it other values: row-major [S, columns], the head 0 where a place has
   * none. Token embeddings have no positions, so the model's input must be `token`.
   */
  readonly place?: (place: Place, layer: number, head: number, values: Float64Array) => Float64Array | undefined;
}

/** Reads all weights of a model into float64. */
export async function loadOracle(model: LoadedModel, input: InputKind = 'token'): Promise<OracleModel> {
  const tensors = new Map<TensorName, Float64Array>();
  for (const name of weightTable(model.spec).keys())
    tensors.set(name, Float64Array.from(await model.weights.read(name)));
  return oracleOf(model.spec, tensors, input);
}

export function oracleOf(
  spec: ModelSpec,
  tensors: ReadonlyMap<TensorName, Float64Array>,
  input: InputKind = 'token',
): OracleModel {
  return {
    spec,
    topology: new Topology({
      layers: spec.layers,
      heads: spec.heads,
      parallel: spec.block !== 'sequential',
      attentionOnly: spec.mlp === null,
    }),
    input,
    tensor(name) {
      const values = tensors.get(name);
      if (!values) throw new Error(`no tensor ${name}`);
      return values;
    },
  };
}

/** The untouched model: every edge kept. */
export function runModel(model: OracleModel, ids: readonly number[]): Pass {
  return pass(
    model,
    ids.length,
    (writer, compute) => (writer === 0 ? embed(model, ids) : compute()),
    () => undefined,
  );
}

/** The untouched model, but for what the rules change. */
export function runWithRules(model: OracleModel, ids: readonly number[], rules: PassRules): Pass {
  return pass(
    model,
    ids.length,
    (writer, compute) => (writer === 0 ? embed(model, ids) : compute()),
    () => undefined,
    rules,
  );
}

/** A circuit: edges in `kept` carry this pass's own values, all others those of `cut`. */
export function runCircuit(model: OracleModel, ids: readonly number[], kept: EdgeSet, cut: AblationValues): Pass {
  return pass(
    model,
    ids.length,
    (writer, compute) => (writer === 0 ? embed(model, ids) : compute()),
    (edge) => {
      if (kept.has(edge)) return undefined;
      const cutEdge = model.topology.edge(edge);
      const value = cutEdge.kind === 'addition' ? cut.writers[cutEdge.writer] : cut.projections[cutEdge.port];
      if (!value) throw new Error(`no ablation value for ${model.topology.edgeName(edge)}`);
      return value;
    },
  );
}

/**
 * Completes the values of an ablation: the projections that cut direct edges carry are those of a pass in which every
 * writer is at its ablation value, so that only constants (positions, biases) remain beside them.
 */
export function ablationValues(model: OracleModel, writers: readonly Float64Array[]): AblationValues {
  const length = writers[0]!.length / model.spec.width;
  const { projections } = pass(
    model,
    length,
    (writer) => writers[writer]!,
    () => undefined,
  );
  return { writers, projections };
}

/** Token embedding, with the position embedding where the model's input writer holds it: [S, d]. */
export function embed(model: OracleModel, ids: readonly number[]): Float64Array {
  const { width } = model.spec;
  const table = model.tensor('embed');
  const x = new Float64Array(ids.length * width);
  ids.forEach((id, position) => x.set(table.subarray(id * width, (id + 1) * width), position * width));
  return model.input === 'token' ? x : add(x, positionsOf(model, ids.length));
}

function positionsOf(model: OracleModel, length: number): Float64Array {
  return model.tensor('positions').subarray(0, length * model.spec.width);
}

/**
 * One pass over all writers and ports in topological order.
 *
 * @param output a writer's output; `compute` evaluates it from its ports.
 * @param override what an edge carries instead of this pass's own value, undefined where it carries that.
 */
export function pass(
  model: OracleModel,
  length: number,
  output: (writer: number, compute: () => Float64Array) => Float64Array,
  override: (edge: number) => Float64Array | undefined,
  rules: PassRules = {},
): Pass {
  const { spec, topology } = model;
  const { width, headWidth, heads } = spec;
  const writers: Float64Array[] = [];
  const ports: Float64Array[] = [];
  const projections: (Float64Array | undefined)[] = topology.ports.map(() => undefined);
  const patterns: Float64Array[] = [];
  const layerWeight = (layer: number, tensor: LayerTensor): Float64Array => model.tensor(layerTensor(layer, tensor));

  const at = (place: Place, layer: number, head: number, values: Float64Array): Float64Array =>
    rules.place?.(place, layer, head, values) ?? values;
  /** What places that are sums of writers were changed by: part of what every later port reads. */
  const moved = new Float64Array(length * width);
  const moveTo = (place: Place, layer: number, values: Float64Array): void => {
    const set = at(place, layer, 0, values);
    for (let i = 0; i < moved.length; i++) moved[i]! += set[i]! - values[i]!;
  };

  const normOf = (port: number, x: Float64Array, gain: Float64Array, bias: Float64Array): Float64Array =>
    rules.norm?.(port, x, gain, bias) ?? layerNorm(x, gain, bias, spec.norm.epsilon);

  /** Constants first, then the writers in order: a fully cut port is exactly its constant plus the ablation values. */
  const readPort = (port: number, attentionsBefore: number): Float64Array => {
    const x = new Float64Array(length * width);
    if (model.input === 'token') add(x, positionsOf(model, length));
    for (let layer = 0; layer < attentionsBefore; layer++) add(x, layerWeight(layer, 'bo'));
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      add(x, override(topology.additionEdge(writer, port)) ?? writers[writer]!);
    }
    ports[port] = add(x, moved);
    return x;
  };

  writers.push(
    at(
      'embedding',
      0,
      0,
      output(0, () => new Float64Array(length * width)),
    ),
  );
  for (let layer = 0; layer < spec.layers; layer++) {
    moveTo('residual', layer, readPort(topology.headPort(layer, 'q', 0), layer));
    const norm = (port: number, x: Float64Array, which: 'norm1' | 'norm2'): Float64Array =>
      normOf(port, x, layerWeight(layer, `${which}.gain`), layerWeight(layer, `${which}.bias`));

    for (let head = 0; head < heads; head++) {
      const project = (branch: Branch): Float64Array => {
        const port = topology.headPort(layer, branch, head);
        const normed = norm(port, readPort(port, layer), 'norm1');
        const w = columnsOf(layerWeight(layer, `w${branch}`), heads * headWidth, head * headWidth, headWidth);
        const b = layerWeight(layer, `b${branch}`).subarray(head * headWidth, (head + 1) * headWidth);
        const own = matmul(normed, w, b, width, headWidth);
        const value = override(topology.directEdge(port)) ?? own;
        return (projections[port] = at(PLACE_OF[branch], layer, head, value));
      };
      const [q, k, v] = BRANCHES.map(project) as [Float64Array, Float64Array, Float64Array];
      const scores = at('scores', layer, head, attentionScores(q, k, headWidth, spec.attention.scale[layer]!));
      const pattern = at('pattern', layer, head, causalSoftmax(scores));
      patterns.push(pattern);
      const rows = layerWeight(layer, 'wo').subarray(head * headWidth * width, (head + 1) * headWidth * width);
      const writer = topology.headWriter(layer, head);
      const mixed = (): Float64Array =>
        at('mixed', layer, head, rules.attend?.(writer, q, k, v) ?? attentionMix(pattern, v, headWidth));
      const compute = (): Float64Array =>
        at('head outputs', layer, head, matmul(mixed(), rows, null, headWidth, width));
      writers.push(output(writer, compute));
    }
    const ownHeads = writers.slice(topology.headWriter(layer, 0));
    const attention = ownHeads.reduce((sum, head) => add(sum, head), new Float64Array(length * width));
    moveTo('attention output', layer, add(attention, layerWeight(layer, 'bo')));

    const { mlp } = spec;
    if (mlp === null) continue;
    const port = topology.mlpPort(layer);
    const normed = norm(port, readPort(port, topology.parallel ? layer : layer + 1), 'norm2');
    const compute = (): Float64Array => {
      const hidden = matmul(normed, layerWeight(layer, 'win'), layerWeight(layer, 'bin'), width, spec.mlpWidth);
      const active = rules.activate?.(layer, hidden) ?? activateAll(mlp.activation, hidden);
      const out = matmul(active, layerWeight(layer, 'wout'), layerWeight(layer, 'bout'), spec.mlpWidth, width);
      return at('mlp output', layer, 0, out);
    };
    writers.push(output(topology.mlpWriter(layer), compute));
  }

  moveTo('residual', spec.layers, readPort(topology.logitsPort, spec.layers));
  const final = readPort(topology.logitsPort, spec.layers);
  const normed = normOf(topology.logitsPort, final, model.tensor('normf.gain'), model.tensor('normf.bias'));
  const unembedding = model.tensor(spec.tied ? 'embed' : 'unembed');
  const logits = at('logits', 0, 0, matmulTransposed(normed, unembedding, width));
  return { writers, ports, projections, patterns, logits };
}

const PLACE_OF = { q: 'queries', k: 'keys', v: 'values' } as const satisfies Record<Branch, Place>;

/** x += y; a shorter y is added to every row. */
function add(x: Float64Array, y: Float64Array): Float64Array {
  for (let start = 0; start < x.length; start += y.length) {
    for (let i = 0; i < y.length; i++) x[start + i]! += y[i]!;
  }
  return x;
}

/** Columns from..from+count-1 of a row-major matrix of `width` columns. */
function columnsOf(matrix: Float64Array, width: number, from: number, count: number): Float64Array {
  const taken = new Float64Array((matrix.length / width) * count);
  for (let row = 0; row * width < matrix.length; row++) {
    taken.set(matrix.subarray(row * width + from, row * width + from + count), row * count);
  }
  return taken;
}
