/**
 * Judgements of a circuit after the definitions of the papers, in plain loops over float64 metrics. A circuit is the
 * set of its addition edges; all direct edges are kept. Metrics are m_i of each prompt, higher is better.
 */
import type { Topology } from '../../src/circuit/topology.js';

export type Ids = ReadonlySet<number>;
export type Metric = (circuit: Ids) => readonly number[];

/** What is judged: M, the empty circuit and C, with the metric of any circuit. */
export interface OracleJudged {
  readonly topology: Topology;
  readonly metric: Metric;
  readonly circuit: Ids;
}

export const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
export const union = (a: Ids, b: Iterable<number>): Ids => new Set([...a, ...b]);
export const minus = (a: Ids, b: Iterable<number>): Ids => new Set([...a].filter((id) => !new Set(b).has(id)));
export const wholeOf = ({ additionEdges }: Topology): Ids =>
  new Set(Array.from({ length: additionEdges }, (_, i) => i));
export const complement = (topology: Topology, circuit: Ids): Ids => minus(wholeOf(topology), circuit);

/** f of means, never clamped. */
export function oracleFaithfulness({ topology, metric }: OracleJudged, circuit: Ids): number {
  const [model, empty] = [average(metric(wholeOf(topology))), average(metric(new Set()))];
  return (average(metric(circuit)) - empty) / (model - empty);
}

export function oracleNdf({ topology, metric }: OracleJudged, circuit: Ids): (number | null)[] {
  const [model, empty, found] = [metric(wholeOf(topology)), metric(new Set()), metric(circuit)];
  return model.map((m, i) => {
    if (Math.abs(m - empty[i]!) < 1e-6) return null;
    return 1 - Math.min(Math.abs((m - found[i]!) / (m - empty[i]!)), 1);
  });
}

/** |m(C without K) - m(M without K)| as a share of |m(M) - m(empty)|. */
export function oracleIncompleteness({ topology, metric, circuit }: OracleJudged, k: Iterable<number>): number {
  const whole = wholeOf(topology);
  const range = Math.abs(average(metric(whole)) - average(metric(new Set())));
  return Math.abs(average(metric(minus(circuit, k))) - average(metric(minus(whole, k)))) / range;
}

/** The worst subset that grows by the worst of all edges of the circuit, up to all of them. */
export function oracleGreedy(judged: OracleJudged): number {
  let chosen: number[] = [];
  let worst = oracleIncompleteness(judged, []);
  while (chosen.length < judged.circuit.size) {
    const grown = [...minus(judged.circuit, chosen)].map((id) => [...chosen, id]);
    const values = grown.map((k) => oracleIncompleteness(judged, k));
    chosen = grown[values.indexOf(Math.max(...values))]!;
    worst = Math.max(worst, ...values);
  }
  return worst;
}

/** Share of the behaviour that changes by an edge, K being nothing or all other edges into the same port. */
export function oracleMinimalityIoi({ topology, metric, circuit }: OracleJudged, edge: number): number {
  const range = Math.abs(average(metric(wholeOf(topology))) - average(metric(new Set())));
  const port = (id: number): string => topology.edgeName(id).split('->')[1]!;
  const others = [...circuit].filter((id) => id !== edge && port(id) === port(edge));
  const changes = [[], others].map((k) => {
    const without = minus(circuit, k);
    return Math.abs(average(metric(minus(without, [edge]))) - average(metric(without)));
  });
  return Math.max(...changes) / range;
}

/** P(X = j) of n trials, by products. */
function chanceOf(j: number, n: number, p: number): number {
  let chance = 1;
  for (let i = 1; i <= j; i++) chance *= ((n - j + i) / i) * p;
  return chance * (1 - p) ** (n - j);
}

export function binomialTail(n: number, p: number, counts: (j: number) => boolean): number {
  let sum = 0;
  for (let j = 0; j <= n; j++) if (counts(j)) sum += chanceOf(j, n, p);
  return sum;
}

export function oracleEquivalence({ topology, metric, circuit }: OracleJudged, epsilon: number) {
  const [model, found] = [metric(wholeOf(topology)), metric(circuit)];
  const n = model.length;
  const wins = found.filter((m, i) => m > model[i]!).length;
  // In whole numbers: |j/n - 1/2| >= |k/n - 1/2|.
  const p = binomialTail(n, 0.5 + epsilon, (j) => Math.abs(2 * j - n) >= Math.abs(2 * wins - n));
  return { wins, t: Math.abs(wins / n - 0.5), p };
}

/** HSIC by matrices: tr(HKH HLH) / (n - 1)². */
export function oracleHsic(a: readonly number[], b: readonly number[], sigmaA: number, sigmaB: number): number {
  const n = a.length;
  const gauss = (x: readonly number[], sigma: number) =>
    x.map((p) => x.map((q) => Math.exp(-((p - q) ** 2) / (2 * sigma ** 2))));
  const product = (x: readonly number[][], y: readonly number[][]) =>
    x.map((row) => y[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * y[k]![j]!, 0)));
  const h = a.map((_, i) => a.map((_x, j) => (i === j ? 1 : 0) - 1 / n));
  const centred = (x: readonly number[][]) => product(product(h, x), h);
  const both = product(centred(gauss(a, sigmaA)), centred(gauss(b, sigmaB)));
  return both.reduce((sum, row, i) => sum + row[i]!, 0) / (n - 1) ** 2;
}

/** The lower median of |a_i - b_j| over all pairs. */
export function lowerMedian(a: readonly number[], b: readonly number[]): number {
  const distances = a.flatMap((x) => b.map((y) => Math.abs(x - y))).toSorted((x, y) => x - y);
  return distances[Math.ceil(distances.length / 2) - 1]!;
}

/** The median of |a_i - a_j|, i < j. */
export function medianDistance(a: readonly number[]): number {
  const distances: number[] = [];
  for (let i = 0; i < a.length; i++) for (let j = i + 1; j < a.length; j++) distances.push(Math.abs(a[i]! - a[j]!));
  distances.sort((x, y) => x - y);
  const half = distances.length / 2;
  return half % 1 === 0 ? (distances[half - 1]! + distances[half]!) / 2 : distances[Math.floor(half)]!;
}

/** Shi et al.'s loss of one run beside another. */
export function oracleLoss(a: readonly number[], b: readonly number[]): number {
  return average(a.map((x, i) => (x - b[i]!) ** 2));
}

/** Trapezoids over the ten fractions. */
export function trapezoids(x: readonly number[], y: readonly number[]): number {
  return y.slice(1).reduce((sum, right, i) => sum + ((x[i + 1]! - x[i]!) * (y[i]! + right)) / 2, 0);
}

/** The areas of ROC points, of which those are dropped that another one beats strictly in both. */
export function oracleRoc(ranking: readonly number[], isTrue: Ids, edges: number) {
  const points = [...ranking.keys(), ranking.length].map((n) => {
    const hits = ranking.slice(0, n).filter((id) => isTrue.has(id)).length;
    return [(n - hits) / (edges - isTrue.size), hits / isTrue.size] as const;
  });
  const all = [[0, 0] as const, ...points, [1, 1] as const];
  const kept = all
    .filter(([x, y]) => !all.some(([otherX, otherY]) => otherX < x && otherY > y))
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  const precisions = ranking.flatMap((id, rank) =>
    isTrue.has(id) ? [ranking.slice(0, rank + 1).filter((one) => isTrue.has(one)).length / (rank + 1)] : [],
  );
  return {
    pessimistic: kept.slice(1).reduce((sum, [x, y], i) => sum + (1 - x) * (y - kept[i]![1]), 0),
    trapezoid: trapezoids(
      kept.map(([x]) => x),
      kept.map(([, y]) => y),
    ),
    precision: precisions.reduce((a, b) => a + b, 0) / isTrue.size,
  };
}
