import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { LEAST_LIKENESS, suggestGroups } from '../../../../viewer/view/suggest-groups.js';
import { anyCircuit } from '../../../support/any-circuit.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const IOI = fileURLToPath(new URL('../../../../graphs/tasks-4l.ioi.acdc.json', import.meta.url));

/** The likeness of two nodes, once more: by both sides alone, each an index of weighted sets. */
function likeness(data: CircuitData, a: string, b: string): number {
  const sides = (['source', 'target'] as const).flatMap((near) => {
    const far = near === 'source' ? 'target' : 'source';
    const weights = (node: string) =>
      data.edges
        .filter((edge) => edge.inCircuit && edge.kind === 'addition' && edge[near] === node)
        .map((edge) => [`${edge[far]} ${edge.port}`, edge.effect === null ? 1 : Math.abs(edge.effect)] as const);
    const [x, y] = [new Map(weights(a)), new Map(weights(b))];
    const ends = [...new Set([...x.keys(), ...y.keys()])];
    const most = ends.reduce((sum, end) => sum + Math.max(x.get(end) ?? 0, y.get(end) ?? 0), 0);
    const least = ends.reduce((sum, end) => sum + Math.min(x.get(end) ?? 0, y.get(end) ?? 0), 0);
    return most > 0 ? [least / most] : [];
  });
  return sides.reduce((sum, side) => sum + side, 0) / sides.length;
}

describe('suggested groups', () => {
  it('have members of one kind that are alike in pairs, are not linked and are in one group at most', () => {
    fc.assert(
      fc.property(anyCircuit, (circuit) => {
        const data = toCircuitData(circuit, 'as-stated');
        const groups = suggestGroups(data);
        const all = groups.flatMap(({ members }) => members.map(({ id }) => id));
        expect(new Set(all).size).toBe(all.length);
        for (const { members, likeness: least } of groups) {
          expect(members.length).toBeGreaterThan(1);
          expect(new Set(members.map(({ kind }) => kind)).size).toBe(1);
          const pairs = members.flatMap((a, i) => members.slice(i + 1).map((b) => [a.id, b.id] as const));
          const shares = pairs.map(([a, b]) => likeness(data, a, b));
          expect(Math.min(...shares)).toBeCloseTo(least, 12);
          expect(least).toBeGreaterThanOrEqual(LEAST_LIKENESS);
          for (const [a, b] of pairs) {
            expect(data.edges.some(({ source, target, inCircuit }) => inCircuit && source === a && target === b)).toBe(
              false,
            );
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('finds the heads of ioi that do the same, and none in a circuit of unlike nodes', () => {
    const { circuit } = openCircuitDocument(sourceFile('ioi', readFileSync(IOI, 'utf8')));
    const labels = suggestGroups(toCircuitData(circuit!, 'as-stated')).map(({ members }) =>
      members.map(({ label }) => label),
    );
    expect(labels[0]).toEqual(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7']);
    expect(suggestGroups(toCircuitData(sampleCircuit(), 'as-stated'))).toEqual([]);
  });
});
