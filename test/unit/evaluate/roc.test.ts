import { describe, expect, test } from 'vitest';
import { edgeEnds } from '../../../src/circuit/edge-ends.js';
import { Topology } from '../../../src/circuit/topology.js';
import {
  pessimisticArea,
  precisionOf,
  rankEdges,
  rocOfRanking,
  rocPoint,
  trapezoidArea,
  type RocPoint,
} from '../../../src/evaluate/roc.js';
import { fixtureJson, sharedFixtures } from '../../support/fixtures.js';

const point = (falsePositiveRate: number, truePositiveRate: number): RocPoint => ({
  falsePositiveRate,
  truePositiveRate,
});

describe('areas', () => {
  test('both corners count: without points it is the diagonal, or nothing is certain', () => {
    expect(trapezoidArea([])).toBe(0.5);
    expect(pessimisticArea([])).toBe(0);
  });

  test('one point', () => {
    // Certain are 0.6 over 0.8 of the axis. Straight lines add the triangles left of it and above it.
    expect(pessimisticArea([point(0.2, 0.6)])).toBeCloseTo(0.8 * 0.6, 12);
    expect(trapezoidArea([point(0.2, 0.6)])).toBeCloseTo((0.2 * 0.6) / 2 + (0.8 * 1.6) / 2, 12);
  });

  test('a perfect point gives 1, also beside others on the edges of the square', () => {
    expect(pessimisticArea([point(0, 1)])).toBe(1);
    expect(trapezoidArea([point(0, 1)])).toBe(1);
    expect(pessimisticArea([point(0, 0.5), point(0, 1), point(0.3, 1)])).toBe(1);
  });

  test('a point goes only where another one is better in both, strictly', () => {
    const best = [point(0.1, 0.5), point(0.4, 0.9)];
    for (const area of [pessimisticArea, trapezoidArea]) {
      expect(area([...best, point(0.3, 0.4)])).toBe(area(best));
      // As many true edges with more false ones: it stays, and straight lines then pass below the other's.
      expect(area([...best, point(0.3, 0.5)])).toBeCloseTo(area === trapezoidArea ? area(best) - 0.04 : area(best), 12);
    }
  });

  test('the order of the points is of no account', () => {
    const points = [point(0.4, 0.9), point(0.1, 0.5), point(0.1, 0.2), point(0, 0)];
    expect(pessimisticArea(points)).toBe(pessimisticArea(points.toReversed()));
  });
});

describe('points', () => {
  const truth = { edges: 10, isTrue: new Set([1, 3]) };

  test('rates and precision of a circuit', () => {
    expect(rocPoint([1, 5, 6], truth)).toEqual(point(2 / 8, 1 / 2));
    expect(precisionOf([1, 5, 6], truth)).toBe(1 / 3);
    expect(rocPoint([], truth)).toEqual(point(0, 0));
    expect(precisionOf([], truth)).toBeNull();
  });

  test.each([[[]], [[0, 1]]])('a rate of nothing is refused: true edges %j of two', (isTrue) => {
    expect(() => rocPoint([], { edges: 2, isTrue: new Set<number>(isTrue) })).toThrow(
      `ROC: ${isTrue.length} of 2 edges are true, expected at least one true and one false edge`,
    );
  });
});

describe('rankings', () => {
  const truth = { edges: 5, isTrue: new Set([0, 4]) };

  test('a ranking has the area of Mann and Whitney: the share of pairs in the right order', () => {
    // Of the six pairs of a true and a false edge two are in the wrong order.
    const { pessimisticArea: steps, trapezoidArea: lines, averagePrecision } = rocOfRanking([0, 2, 1, 4, 3], truth);
    expect(steps).toBeCloseTo(4 / 6, 12);
    expect(lines).toBeCloseTo(4 / 6, 12);
    expect(averagePrecision).toBeCloseTo((1 / 1 + 2 / 4) / 2, 12);
  });

  test('edges that are not ranked come last, all at once', () => {
    const { pessimisticArea: steps, trapezoidArea: lines, averagePrecision } = rocOfRanking([0], truth);
    expect(steps).toBe(0.5);
    expect(lines).toBe(0.75);
    expect(averagePrecision).toBe(0.5);
  });

  test('equal scores go by writer, then by port; NaN is left out', () => {
    const topology = new Topology({ layers: 2, heads: 1, parallel: false });
    const scores = new Float64Array(topology.edgeCount).fill(1);
    scores[1] = Number.NaN;
    scores[2] = -3;
    const ends = edgeEnds(topology);
    const bySign = rankEdges(scores, ends, topology.additionEdges, false);
    expect(bySign).toHaveLength(topology.additionEdges - 1);
    expect(bySign).not.toContain(1);
    expect(bySign.at(-1)).toBe(2);
    expect(rankEdges(scores, ends, topology.additionEdges, true)[0]).toBe(2);
    const keys = bySign.slice(0, -1).map((edge) => 1000 * ends.writers[edge]! + ends.ports[edge]!);
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
  });
});

interface Reference {
  readonly edges: number;
  readonly fractions: readonly number[];
  readonly scores: Readonly<Record<string, readonly number[]>>;
  readonly roc_truth: { readonly edges: readonly number[] };
  readonly roc: readonly {
    readonly scores: string;
    readonly selection: 'signed' | 'absolute';
    readonly pessimistic_auc: number;
    readonly trapezoid_auc: number;
    readonly average_precision: number;
    readonly ten_fractions: {
      readonly points: readonly (readonly [number, number])[];
      readonly pessimistic_auc: number;
      readonly trapezoid_auc: number;
    };
  }[];
}

describe.skipIf(!sharedFixtures).each(['ioi.logit_diff', 'gt.prob_diff'])('reference areas of %s', (name) => {
  test('agree', async () => {
    const reference = await fixtureJson<Reference>(`share4l/reference/evaluation/${name}.json`);
    const { edges, fractions } = reference;
    const topology = new Topology({ layers: 4, heads: 4, parallel: false });
    const ends = edgeEnds(topology);
    const truth = { edges, isTrue: new Set(reference.roc_truth.edges) };
    expect(edges).toBe(topology.additionEdges);
    expect(reference.roc).toHaveLength(4);
    for (const { scores, selection, ten_fractions: ten, ...expected } of reference.roc) {
      const ranking = rankEdges(Float64Array.from(reference.scores[scores]!), ends, edges, selection === 'absolute');
      const found = rocOfRanking(ranking, truth);
      expect(found.pessimisticArea).toBeCloseTo(expected.pessimistic_auc, 10);
      expect(found.trapezoidArea).toBeCloseTo(expected.trapezoid_auc, 10);
      expect(found.averagePrecision).toBeCloseTo(expected.average_precision, 10);
      const points = fractions.map((share) => rocPoint(ranking.slice(0, Math.floor(share * edges)), truth));
      expect(points).toHaveLength(ten.points.length - 2);
      expect(pessimisticArea(points)).toBeCloseTo(ten.pessimistic_auc, 10);
      expect(trapezoidArea(points)).toBeCloseTo(ten.trapezoid_auc, 10);
    }
  });
});
