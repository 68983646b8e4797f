import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toCircuitData, type CircuitData } from '../../../../viewer/data/circuit-data.js';
import { FIGURE_EDGES, type Planner } from '../../../../viewer/scene/layout/figure-layout.js';
import { planFigure } from '../../../../viewer/scene/layout/figure-plan.js';
import { wholeOf } from '../../../../viewer/scene/whole-figure.js';
import type { Scene } from '../../../../viewer/scene/scene.js';
import type { LimitKind, ViewState } from '../../../../viewer/view/view-state.js';
import { fixture } from '../../../support/fixtures.js';
import { GRAPHS } from '../../../support/viewer-files.js';
import { randomData, sceneOf } from '../../../support/viewer-scene.js';
import { ids, sourceFile, view, openCircuitDocument } from '../../../support/viewer.js';

const MIB = fixture('mib/ioi-eap-ig.json');

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

function openFile(name: string, path: string) {
  return openCircuitDocument(sourceFile(name, readFileSync(path, 'utf8'))).circuit!;
}

/** Without the long search for few crossings. */
const planner: Planner = (input) => planFigure(input, 'quick');

/** Fails when a box moves at any size of a figure, in either kind of limit. */
function expectStill(data: CircuitData): void {
  for (const limitBy of ['circuit', 'top'] as const) {
    const at = (limit: number) => sceneOf(data, { layout: 'figure', limitBy, limit }, { planner });
    const whole = at(FIGURE_EDGES);
    expect(whole.layout).toBe('figure');
    for (const limit of [20, 26, 49, 51, 99, 101, 149, 151, 199, 201, 340]) {
      const part = at(limit);
      expect(part.layout).toBe('figure');
      expect(part.graph.size).toBeLessThan(whole.graph.size);
      expect(farthest(whole, part)).toBe(0);
      expect(part.bounds).toEqual(whole.bounds);
    }
  }
}

describe('a figure of a part of a circuit', () => {
  const shipped = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));

  it.each(shipped)('%s: a slider moves no box, nor the whole', (name) => {
    const data = toCircuitData(openFile(name, `${GRAPHS}/${name}`), 'as-stated');
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

  it.each([
    ['12 layers of 12 heads', 12, 12, false],
    ['2 parallel layers of 12 heads', 2, 12, true],
  ] as const)('%s, more edges than a figure has: a slider moves no box', (_, layers, heads, parallel) =>
    expectStill(randomData(layers, heads, parallel)),
  );

  it.skipIf(!existsSync(MIB))('nor does it in a published circuit of GPT-2 small', () => {
    expectStill(toCircuitData(openFile('ioi.json', MIB), 'as-stated'));
  });

  it('has the shown edges that no slider leads to', () => {
    const data = randomData(12, 12);
    const shown = data.edges.slice(0, 90);
    const whole = wholeOf(data, shown, 'top', view({ scope: 'all' }));
    expect(ids(whole)).toEqual(ids(data.edges.slice(0, FIGURE_EDGES)));
    const far = data.edges[5000]!;
    expect(ids(wholeOf(data, [...shown, far], 'top', view({ scope: 'all' })))).toEqual([...ids(whole), far.id]);
  });

  it('of a circuit that is too large, filters choose other strongest edges, and hide those of a connected circuit', () => {
    const data = randomData(6, 6);
    const ports = { q: true, k: false, v: true, out: true };
    const of = (by: LimitKind, changes: Partial<ViewState>) =>
      wholeOf(data, [], by, view({ scope: 'all', ...changes }));
    expect(of('top', { ports })).toEqual(data.edges.filter(({ port }) => port !== 'k').slice(0, FIGURE_EDGES));
    expect(of('circuit', { ports })).toEqual(of('circuit', {}));
  });
});
