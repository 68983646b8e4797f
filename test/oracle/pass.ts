/**
 * One pass in float64 and plain loops, one prompt at a time, every port's input summed anew from the edge list. Slow
 * and obvious on purpose.
 */
import { BRANCHES, type Branch } from '../../src/circuit/nodes.js';
import type { Topology } from '../../src/circuit/topology.js';
import { layerTensor } from '../../src/model/weight-table.js';
import type { Place } from '../../src/block/places.js';
import { attentionMix, attentionScores, causalSoftmax, matmul, matmulTransposed, softcap } from './ops.js';
import { mlpOutput, project, scoreRule, type MlpRules, type Normed } from './sublayers.js';
import { normRows, type Weights } from './weights.js';

/** What the `input` writer holds: positions are then a constant of every port, or part of the writer. */
export type InputKind = 'token' | 'token+position';

export interface OracleModel extends Weights {
  readonly topology: Topology;
  readonly input: InputKind;
}

/** Everything that one pass over one prompt of S tokens computes. */
export interface Pass {
  /**
   * Per writer its output [S, d]: heads without the attention's output bias and before a norm of their sum, MLPs with
   * their bias and after their norm.
   */
  readonly writers: readonly Float64Array[];
  /** Per port its input [S, d], before the norm. */
  readonly ports: readonly Float64Array[];
  /** What each norm reads, by its name: `port P`, `qnorm P`, `knorm P`, `postnorm1 L`, `postnorm2 L`. */
  readonly normInputs: ReadonlyMap<string, Float64Array>;
  /** Per layer what its MLP reads, after the norm before it. */
  readonly mlpInputs: readonly Float64Array[];
  /** Per attention port its q, k or v [S, dh], as the scores and the mix take it; undefined for other ports. */
  readonly projections: readonly (Float64Array | undefined)[];
  /** Per attention head, layer by layer, its pattern [S, S]. */
  readonly patterns: readonly Float64Array[];
  /** [S, V] */
  readonly logits: Float64Array;
}

/** Operations that a pass computes otherwise than the model; where absent, the model's own. */
export interface PassRules extends MlpRules {
  /** A norm, named as in `Pass.normInputs`. */
  readonly norm?: Normed;
  /** The mixed values of a head, from its projections. */
  readonly attend?: (writer: number, q: Float64Array, k: Float64Array, v: Float64Array) => Float64Array;
  /**
   * Sees every place of the run, and may give it other values: row-major [S, columns], the head 0 where a place has
   * none. Token embeddings have no positions, so the model's input must be `token`.
   */
  readonly place?: (place: Place, layer: number, head: number, values: Float64Array) => Float64Array | undefined;
}

/** x [S, d] plus the positions that a model adds to the stream. */
export function addPositions(model: OracleModel, x: Float64Array): Float64Array {
  return model.spec.positions.kind === 'learned' ? add(x, model.tensor('positions').subarray(0, x.length)) : x;
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
  const { width, headWidth, heads, preNorms, postNorms } = spec;
  const writers: Float64Array[] = [];
  const ports: Float64Array[] = [];
  const normInputs = new Map<string, Float64Array>();
  const mlpInputs: Float64Array[] = [];
  const projections: (Float64Array | undefined)[] = topology.ports.map(() => undefined);
  const patterns: Float64Array[] = [];
  /** Per layer the normed sum of its heads' own outputs, where a model has such norms. */
  const ownAttentions: Float64Array[] = [];

  const at = (place: Place, layer: number, head: number, values: Float64Array): Float64Array =>
    rules.place?.(place, layer, head, values) ?? values;
  /** What places that are sums of writers were changed by: part of what every later port reads. */
  const moved = new Float64Array(length * width);
  const moveTo = (place: Place, layer: number, values: Float64Array): void => {
    const set = at(place, layer, 0, values);
    for (let i = 0; i < moved.length; i++) moved[i]! += set[i]! - values[i]!;
  };

  const normed: Normed = (site, x, norm) => {
    normInputs.set(site, x);
    return rules.norm?.(site, x, norm) ?? normRows(x, norm);
  };

  /** What a layer's attention adds to the stream, from its heads' outputs: their sum with the bias, normed or not. */
  const attentionOf = (layer: number, headOutputs: readonly Float64Array[]): Float64Array => {
    const sum = headOutputs.reduce((x, head) => add(x, head), new Float64Array(length * width));
    const bias = model.optional(layer, 'bo');
    if (bias) add(sum, bias);
    return postNorms ? normed(`postnorm1 ${layer}`, sum, model.norm(layer, 'postnorm1')) : sum;
  };

  /** That of an earlier layer as a port reads it: heads do not add to the stream one by one where a norm follows. */
  const normedAttention = (layer: number, port: number): Float64Array => {
    const first = topology.headWriter(layer, 0);
    const carried = Array.from({ length: heads }, (_, head) => override(topology.additionEdge(first + head, port)));
    if (carried.every((value) => value === undefined)) return ownAttentions[layer]!;
    return attentionOf(
      layer,
      carried.map((value, head) => value ?? writers[first + head]!),
    );
  };

  /** Constants first, then the writers in order: a fully cut port is exactly its constant plus the ablation values. */
  const sumInto = (port: number, attentionsBefore: number): Float64Array => {
    const x = new Float64Array(length * width);
    if (model.input === 'token') addPositions(model, x);
    for (let layer = 0; !postNorms && layer < attentionsBefore; layer++) {
      const bias = model.optional(layer, 'bo');
      if (bias) add(x, bias);
    }
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      const node = topology.writers[writer]!;
      if (postNorms && node.kind === 'head') {
        if (node.head === 0) add(x, normedAttention(node.layer, port));
      } else add(x, override(topology.additionEdge(writer, port)) ?? writers[writer]!);
    }
    return add(x, moved);
  };

  /** By number of writers: the sum of their own outputs, which all ports read that no override concerns. */
  const ownStreams = new Map<number, Float64Array>();
  const readPort = (port: number, attentionsBefore: number): Float64Array => {
    const writersRead = topology.fanIn(port);
    const first = topology.firstEdge(port);
    const changed = rules.place !== undefined || some(writersRead, (writer) => override(first + writer) !== undefined);
    if (changed) return (ports[port] = sumInto(port, attentionsBefore));
    if (!ownStreams.has(writersRead)) ownStreams.set(writersRead, sumInto(port, attentionsBefore));
    return (ports[port] = ownStreams.get(writersRead)!);
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
    const readNormed = (port: number, attentionsBefore: number, name: 'norm1' | 'norm2'): Float64Array => {
      const x = readPort(port, attentionsBefore);
      return preNorms ? normed(`port ${port}`, x, model.norm(layer, name)) : x;
    };

    for (let head = 0; head < heads; head++) {
      const valueOf = (branch: Branch): Float64Array => {
        const port = topology.headPort(layer, branch, head);
        const x = readNormed(port, layer, 'norm1');
        const own = project(model, { layer, head, branch }, x, `${branch}norm ${port}`, normed);
        const value = override(topology.directEdge(port)) ?? own;
        return (projections[port] = at(PLACE_OF[branch], layer, head, value));
      };
      const [q, k, v] = BRANCHES.map(valueOf) as [Float64Array, Float64Array, Float64Array];
      const scores = at('scores', layer, head, attentionScores(q, k, headWidth, scoreRule(model, layer)));
      const pattern = at('pattern', layer, head, causalSoftmax(scores));
      patterns.push(pattern);
      const size = headWidth * width;
      const rows = model.tensor(layerTensor(layer, 'wo')).subarray(head * size, (head + 1) * size);
      const writer = topology.headWriter(layer, head);
      const mixed = (): Float64Array =>
        at('mixed', layer, head, rules.attend?.(writer, q, k, v) ?? attentionMix(pattern, v, headWidth));
      const compute = (): Float64Array =>
        at('head outputs', layer, head, matmul(mixed(), rows, null, headWidth, width));
      writers.push(output(writer, compute));
    }
    ownAttentions.push(attentionOf(layer, writers.slice(topology.headWriter(layer, 0))));
    const move = (): void => moveTo('attention output', layer, ownAttentions[layer]!);
    // In a parallel block the MLP reads the stream before the heads add to it.
    if (!topology.parallel) move();
    if (spec.mlp === null) continue;
    const norm = spec.block === 'parallel-shared-norm' ? 'norm1' : 'norm2';
    const input = readNormed(topology.mlpPort(layer), topology.parallel ? layer : layer + 1, norm);
    if (topology.parallel) move();
    mlpInputs.push(input);
    const compute = (): Float64Array => {
      const neurons = (of: number, values: Float64Array): Float64Array => at('neurons', of, 0, values);
      const out = mlpOutput(model, layer, input, { ...rules, neurons });
      const written = postNorms ? normed(`postnorm2 ${layer}`, out, model.norm(layer, 'postnorm2')) : out;
      return at('mlp output', layer, 0, written);
    };
    writers.push(output(topology.mlpWriter(layer), compute));
  }

  moveTo('residual', spec.layers, readPort(topology.logitsPort, spec.layers));
  const final = readPort(topology.logitsPort, spec.layers);
  const logits = at('logits', 0, 0, logitsOf(model, normed(`port ${topology.logitsPort}`, final, model.finalNorm)));
  return { writers, ports, normInputs, mlpInputs, projections, patterns, logits };
}

/** Logits [S, V] of the final norm's output, with their bias and cap. */
function logitsOf(model: OracleModel, x: Float64Array): Float64Array {
  const { spec } = model;
  const logits = matmulTransposed(x, model.tensor(spec.tied ? 'embed' : 'unembed'), spec.width);
  if (spec.logitBias) add(logits, model.tensor('bu'));
  return logits.map((value) => softcap(value, spec.logitSoftcap));
}

const PLACE_OF = { q: 'queries', k: 'keys', v: 'values' } as const satisfies Record<Branch, Place>;

function some(count: number, holds: (i: number) => boolean): boolean {
  for (let i = 0; i < count; i++) if (holds(i)) return true;
  return false;
}

/** x += y; a shorter y is added to every row. */
function add(x: Float64Array, y: Float64Array): Float64Array {
  for (let start = 0; start < x.length; start += y.length) {
    for (let i = 0; i < y.length; i++) x[start + i]! += y[i]!;
  }
  return x;
}
