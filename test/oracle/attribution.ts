/**
 * Attribution in float64 by its definition, without a gradient: central differences of the metric with respect to the
 * strength of an edge (how much of the way its value goes from the writer's own to the ablated one), of a writer's
 * output, or of one dimension of it. Slow and obvious on purpose.
 */
import type { PromptPair } from '../../src/task/types.js';
import { metricValue, type MetricName } from './metrics.js';
import { embed, runModel } from './model.js';
import { attentionMix, attentionPattern, matmul } from './ops.js';
import { pass, type OracleModel, type Pass, type PassRules } from './pass.js';
import { scoreRule } from './sublayers.js';

/** The run at which differences are taken. */
export interface OracleRun {
  /** Writers whose outputs are moved by `amount` of their difference. */
  readonly moved?: readonly number[];
  readonly amount?: number;
  /** Rules that change the way back, made from the run itself. */
  readonly rules?: (model: OracleModel, base: Pass) => PassRules;
  /** Layer whose writers stay as they are, so that nothing goes through it. */
  readonly without?: number;
}

export interface OraclePoint extends OracleRun {
  readonly weight: number;
  /** Writers whose scores count; all where absent. */
  readonly only?: readonly number[];
}

/** Strength by which edges are moved to both sides. */
const STEP = 1e-5;

/** One prompt, with what its writers change by when cut [writers][S, d]. */
export class OracleAttribution {
  readonly model: OracleModel;
  readonly pair: PromptPair;
  readonly differences: readonly Float64Array[];
  readonly #metric: MetricName;
  readonly #clean: Pass;

  constructor(model: OracleModel, pair: PromptPair, ablated: readonly Float64Array[], metric: MetricName) {
    this.model = model;
    this.pair = pair;
    this.#metric = metric;
    this.#clean = runModel(model, pair.clean);
    this.differences = ablated.map((value, u) => value.map((x, i) => x - this.#clean.writers[u]![i]!));
  }

  /** The moved run itself. */
  base({ moved = [], amount = 0 }: OracleRun): Pass {
    return pass(
      this.model,
      this.pair.clean.length,
      (writer, compute) => {
        const own = this.#own(writer, compute);
        return moved.includes(writer) ? along(own, this.differences[writer]!, amount) : own;
      },
      () => undefined,
    );
  }

  #own(writer: number, compute: () => Float64Array): Float64Array {
    return writer === 0 ? embed(this.model, this.pair.clean) : compute();
  }

  /** Derivative of the metric where `change` says by how much an edge's value and a writer's output move. */
  #derivative(
    run: OracleRun,
    base: Pass,
    change: { readonly edge?: number; readonly writer?: number; readonly by: Float64Array },
  ): number {
    const { topology } = this.model;
    const rules = run.rules?.(this.model, base);
    // What a port reads comes before it, and stays as it is.
    const unchanged = change.edge === undefined ? 0 : topology.fanIn(topology.edge(change.edge).port);
    const loss = (step: number): number => {
      const moved = pass(
        this.model,
        this.pair.clean.length,
        (writer, compute) => {
          const node = topology.writers[writer]!;
          const without = node.kind !== 'input' && node.layer === run.without;
          if (without || writer < unchanged) return base.writers[writer]!;
          const own = this.#own(writer, compute);
          const there = run.moved?.includes(writer) ? along(own, this.differences[writer]!, run.amount ?? 0) : own;
          return writer === change.writer ? along(there, change.by, step) : there;
        },
        (edge) => {
          if (edge !== change.edge) return undefined;
          const { writer } = topology.edge(edge) as { readonly writer: number };
          return along(base.writers[writer]!, change.by, step);
        },
        rules,
      );
      return this.#loss(moved);
    };
    return (loss(STEP) - loss(-STEP)) / (2 * STEP);
  }

  #loss({ logits }: Pass): number {
    const { vocab } = this.model.spec;
    const { position, correct, wrong } = this.pair;
    const row = (all: Float64Array): Float64Array => all.subarray(position * vocab, (position + 1) * vocab);
    return metricValue(this.#metric, { logits: row(logits), clean: row(this.#clean.logits), correct, wrong });
  }

  /** Scores of some edges: weighted sums over the points. */
  edges(edges: readonly number[], points: readonly OraclePoint[]): number[] {
    const { topology } = this.model;
    return this.#weighted(points, (point, base) =>
      edges.map((edge) => {
        const { writer, port } = topology.edge(edge) as { readonly writer: number; readonly port: number };
        if (point.only?.includes(writer) === false) return 0;
        const into = topology.ports[port]!;
        if (into.kind !== 'logits' && into.layer === point.without) return 0;
        return this.#derivative(point, base, { edge, by: this.differences[writer]! });
      }),
    );
  }

  /** Scores of all writers; of one dimension of them where `column` is given. */
  writers(points: readonly OraclePoint[], column?: number): number[] {
    const { width } = this.model.spec;
    const part = (difference: Float64Array): Float64Array =>
      column === undefined ? difference : difference.map((x, i) => (i % width === column ? x : 0));
    return this.#weighted(points, (point, base) =>
      this.differences.map((difference, writer) =>
        point.only?.includes(writer) === false ? 0 : this.#derivative(point, base, { writer, by: part(difference) }),
      ),
    );
  }

  #weighted(points: readonly OraclePoint[], at: (point: OraclePoint, base: Pass) => number[]): number[] {
    let sums: number[] = [];
    for (const point of points) {
      const values = at(point, this.base(point));
      sums = values.map((value, i) => (sums[i] ?? 0) + point.weight * value);
    }
    return sums;
  }

  /**
   * An edge into a query or key by AtP*'s fix: the port recomputed with the edge cut, the pattern from it, and the
   * metric's derivative along the change of the head's output.
   */
  fixedEdge(edge: number, run: OracleRun = {}): number {
    const { model, differences } = this;
    const { spec, topology } = model;
    const { width, headWidth } = spec;
    const base = this.base(run);
    const { writer, port } = topology.edge(edge) as { readonly writer: number; readonly port: number };
    const into = topology.ports[port]!;
    if (into.kind !== 'head') throw new Error('not a head port');
    const { layer, head, branch } = into;
    const at = (name: 'q' | 'k' | 'v'): Float64Array => base.projections[topology.headPort(layer, name, head)]!;
    // Nothing before the port sees the edge.
    const cut = pass(
      model,
      this.pair.clean.length,
      (each) => base.writers[each]!,
      (each) => (each === edge ? along(base.writers[writer]!, differences[writer]!, 1) : undefined),
    ).projections[port]!;
    const pattern = (q: Float64Array, k: Float64Array): Float64Array =>
      attentionPattern(q, k, headWidth, scoreRule(model, layer));
    const before = pattern(at('q'), at('k'));
    const after = branch === 'q' ? pattern(cut, at('k')) : pattern(at('q'), cut);
    const change = after.map((p, i) => p - before[i]!);
    const rows = model.tensor(`layers.${layer}.wo`).subarray(head * headWidth * width, (head + 1) * headWidth * width);
    const by = matmul(attentionMix(change, at('v'), headWidth), rows, null, headWidth, width);
    return this.#derivative(run, base, { writer: topology.headWriter(layer, head), by });
  }
}

/** x + amount * direction. */
function along(x: Float64Array, direction: Float64Array, amount: number): Float64Array {
  return x.map((value, i) => value + amount * direction[i]!);
}
