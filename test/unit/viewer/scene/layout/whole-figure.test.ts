import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { roleOf } from '../../../../../src/files/own/sidecars.js';
import { toCircuitData } from '../../../../../viewer/data/circuit-data.js';
import { openDocument } from '../../../../../viewer/data/open-document.js';
import { wholeOf } from '../../../../../viewer/scene/layout/whole-figure.js';
import type { Scene } from '../../../../../viewer/scene/scene.js';
import { GRAPHS } from '../../../../support/viewer-files.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';
import { ids, sourceFile } from '../../../../support/viewer.js';

/** How far the nodes that both scenes have are apart, at most. */
function farthest(a: Scene, b: Scene): number {
  return Math.max(
    ...a.graph
      .filterNodes((id) => b.graph.hasNode(id))
      .map((id) => {
        const [p, q] = [a.graph.getNodeAttributes(id), b.graph.getNodeAttributes(id)];
        return Math.hypot(p.x - q.x, p.y - q.y);
      }),
  );
}

describe('a figure of a part of a circuit', () => {
  const shipped = readdirSync(GRAPHS).filter((name) => name.endsWith('.json') && roleOf(name) === 'circuit');

  it.each(shipped)('%s: a slider moves no box, nor the whole', (name) => {
    const { circuit } = openDocument(sourceFile(name, readFileSync(`${GRAPHS}/${name}`, 'utf8')));
    const data = toCircuitData(circuit!, 'as-stated');
    const kept = data.edges.filter(({ inCircuit }) => inCircuit).length;
    const at = (limit: number) => sceneOf(data, { scope: 'circuit', layout: 'figure', limit });
    const whole = at(kept);
    for (const share of [0.96, 0.9, 0.6, 0.3]) {
      const part = at(Math.round(share * kept));
      expect(part.graph.size).toBeLessThan(whole.graph.size);
      expect(farthest(whole, part)).toBe(0);
      expect(part.bounds).toEqual(whole.bounds);
      expect(part.bands).toEqual(whole.bands);
    }
  });

  it('filters and a search move no box either', () => {
    const data = randomData(4, 4);
    const edges = data.edges.map((edge, i) => ({ ...edge, inCircuit: i < 120 }));
    const circuit = { ...data, edges };
    const whole = sceneOf(circuit, { scope: 'circuit', layout: 'figure', limit: 120 });
    const ports = { q: false, k: true, v: true, out: true };
    expect(farthest(whole, sceneOf(circuit, { scope: 'circuit', layout: 'figure', limit: 120, ports }))).toBe(0);
    expect(farthest(whole, sceneOf(circuit, { scope: 'circuit', layout: 'figure', layers: [1, 2] }))).toBe(0);
  });

  it('follows from the strongest edges of a circuit that is too large for one figure', () => {
    const data = randomData(12, 12);
    const shown = data.edges.slice(0, 90);
    const whole = wholeOf(data, shown, false);
    expect(ids(whole)).toEqual(ids(data.edges.slice(0, 100)));
    expect(ids(wholeOf(data, data.edges.slice(0, 94), false))).toEqual(ids(whole));
    // An edge from far down the list is there beside the strongest.
    const far = data.edges[5000]!;
    expect(ids(wholeOf(data, [far], false))).toContain(far.id);
    for (const { id } of shown) expect(ids(wholeOf(data, [...shown, far], false))).toContain(id);
  });
});
