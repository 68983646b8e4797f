import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CircuitDetails } from '../../../../../src/circuit/details.js';
import { readAttributionGraph } from '../../../../../src/files/tools/read-attribution-graph.js';
import { toAttributionData } from '../../../../../viewer/data/attribution-data.js';
import { toCircuitData } from '../../../../../viewer/data/circuit-data.js';
import { placesOnPrompt } from '../../../../../viewer/scene/layout/token-places.js';
import { strongestKeys } from '../../../../../viewer/scene/layout/token-reads.js';
import { sampleGraph } from '../../../../support/attribution-graph.js';
import { IOI } from '../../../../support/viewer-files.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../../../support/sample-details.js';
import { boxesOf, legendTexts, randomData, sceneOf } from '../../../../support/viewer-scene.js';
import { sourceFile, openCircuitDocument } from '../../../../support/viewer.js';

const data = randomData(4, 4);

/** Every node of the circuit at some token of one prompt. Heads attend to their own token and to token 1. */
function detailsAt(tokens: number, columnOf: (id: string) => number | null): CircuitDetails {
  const clean = Array.from({ length: tokens }, (_, i) => (i === 2 ? '  ' : ` token${i}`));
  const nodes = data.nodes
    .filter(({ kind }) => kind !== 'logits')
    .map(({ id, kind }) => {
      const at = columnOf(id);
      const attention = new Float32Array(tokens * tokens);
      for (let query = 0; query < tokens; query++) {
        attention[query * tokens + 1] = 0.75;
        attention[query * tokens + query] = (query === 1 ? 0.75 : 0) + 0.25;
      }
      return [id, unmeasuredNode({ at: at === null ? null : [at], attention: kind === 'head' ? [attention] : null })];
    });
  const prompt = unmeasuredPrompt({
    clean,
    corrupted: clean.map((token, i) => (i === 4 ? ' other' : token)),
    position: tokens - 1,
    correct: [' Paul'],
  });
  return unmeasuredDetails({ prompts: [prompt], nodes: Object.fromEntries(nodes) });
}

const columnOf = (id: string) => (data.nodeById.get(id)!.layer === 0 ? 3 : 7);

describe('tokens layout', () => {
  it.each([8, 15, 40])('%d tokens: every node stands over its token, in the row of its layer', (tokens) => {
    const details = detailsAt(tokens, columnOf);
    const scene = sceneOf(data, { layout: 'tokens', limit: 200 }, { details });
    expect(scene.layout).toBe('tokens');
    expect(scene.tokens.map(({ text }) => text.trim())).toEqual(
      details.prompts[0]!.clean.map((token, i) => (i === 2 ? '␣␣' : token.trim())),
    );
    expect(scene.tokens.filter(({ changed }) => changed).map(({ text }) => text.trim())).toEqual(['token4']);
    expect(scene.tokens.findIndex(({ measured }) => measured)).toBe(tokens - 1);
    const middles = scene.tokens.map(({ x }) => x);
    expect(middles).toEqual(middles.toSorted((a, b) => a - b));
    const boxes = boxesOf(scene.graph);
    scene.graph.forEachNode((id, { layer, x, y }) => {
      if (id === 'input') return;
      const column = id === 'logits' ? tokens - 1 : columnOf(id);
      const nearest = middles.reduce((best, at, i) => (Math.abs(at - x) < Math.abs(middles[best]! - x) ? i : best), 0);
      // A cell may be wider than its neighbours: its boxes stand around its middle.
      if (layer !== null) expect(Math.abs(nearest - column)).toBeLessThanOrEqual(3);
      const band = scene.bands.find((one) => one.layer === layer);
      if (band) expect(y > band.bottom && y < band.top).toBe(true);
    });
    const list = [...boxes].filter(([id]) => id !== 'input');
    list.forEach(([a, one], i) => {
      for (const [b, two] of list.slice(i + 1)) {
        const apart = one[0] >= two[2] || two[0] >= one[2] || one[1] >= two[3] || two[1] >= one[3];
        expect(apart, `${a} and ${b}`).toBe(true);
      }
    });
    expect(scene.graph.getNodeAttribute('logits', 'label')).toContain('Paul');
    const spans = [...scene.routes.values(), ...scene.reads].flatMap(({ points }) => points);
    for (const [x, y] of spans) {
      expect(x >= scene.bounds.left && x <= scene.bounds.right).toBe(true);
      expect(y >= scene.bounds.bottom && y <= scene.bounds.top).toBe(true);
    }
    expect(legendTexts(scene).join()).toContain('where a head reads');
  });

  it('draws where a head reads, from the token that it reads', () => {
    const scene = sceneOf(data, { layout: 'tokens', limit: 80 }, { details: detailsAt(15, columnOf) });
    const heads = scene.graph.filterNodes((_, { kind }) => kind === 'head');
    for (const head of heads) {
      const reads = scene.reads.filter(({ node }) => node === head);
      expect(reads.map(({ share }) => share)).toEqual([0.75, 0.25]);
      expect(reads[0]!.points[0]![0]).toBe(scene.tokens[1]!.x);
      expect(reads[1]!.points[0]![0]).toBe(scene.tokens[columnOf(head)]!.x);
      const { x, y, box } = scene.graph.getNodeAttributes(head);
      expect(reads[0]!.points.at(-1)).toEqual([x, y - box![1] / 2]);
    }
  });

  it('lets edges leave the input at the token that is read', () => {
    const scene = sceneOf(data, { layout: 'tokens', limit: 200 }, { details: detailsAt(15, columnOf) });
    const near = (x: number) =>
      scene.tokens.reduce(
        (best, token, i) => (Math.abs(token.x - x) < Math.abs(scene.tokens[best]!.x - x) ? i : best),
        0,
      );
    let [values, queries] = [0, 0];
    scene.graph.forEachOutEdge('input', (edge, { port }, _, target) => {
      const start = near(scene.routes.get(edge)!.points[0]![0]);
      if (port === 'v' || port === 'k') values += Number(start === 1);
      if (port === 'q') queries += Number(start === columnOf(target));
    });
    const count = (ports: string[]) =>
      scene.graph.filterEdges((_, { port }, source) => source === 'input' && ports.includes(port)).length;
    expect(count(['q'])).toBeGreaterThan(0);
    expect([values, queries]).toEqual([count(['k', 'v']), count(['q'])]);
  });

  it('puts what stands at no token into a column of its own', () => {
    const details = detailsAt(8, (id) => (id === 'm0' ? null : columnOf(id)));
    const scene = sceneOf(data, { layout: 'tokens', limit: 80 }, { details });
    expect(scene.tokens.at(-1)!.text).toBe('elsewhere');
    expect(scene.graph.getNodeAttribute('m0', 'x')).toBeCloseTo(scene.tokens.at(-1)!.x, 9);
  });

  it('gives way to the grid, and says why, where it was not measured or edges are too many', () => {
    const unknown = detailsAt(8, () => null);
    for (const details of [null, unknown, unmeasuredDetails()]) {
      const scene = sceneOf(data, { layout: 'tokens' }, { details });
      expect(scene.layout).toBe('grid');
      expect(scene.notice).toContain('not measured');
    }
    const many = sceneOf(data, { layout: 'tokens', limit: 700 }, { details: detailsAt(8, columnOf) });
    expect(many.layout).toBe('grid');
    expect(many.notice).toContain('400');
  });

  it('says which prompt stands for a mean', () => {
    const one = detailsAt(8, columnOf);
    const nodes = Object.fromEntries(
      Object.entries(one.nodes).map(([id, node]) => [id, { ...node, at: node.at && [node.at[0]!, node.at[0]!] }]),
    );
    const details = { ...one, prompts: [one.prompts[0]!, one.prompts[0]!], nodes };
    expect(sceneOf(data, { layout: 'tokens', prompt: null }, { details }).notice).toContain('prompt 1');
    expect(sceneOf(data, { layout: 'tokens', prompt: 1 }, { details }).notice).toBeUndefined();
    // A prompt that is not there, as a link may ask for, has no places.
    expect(placesOnPrompt(details, 7)).toBeNull();
  });

  it('lays out the shipped circuit on every prompt', () => {
    const details = readFileSync(IOI.replace(/\.json$/, '.details.json'), 'utf8');
    const document = openCircuitDocument(sourceFile('ioi.json', readFileSync(IOI, 'utf8'), { details }));
    const shipped = toCircuitData(document.circuit!, 'as-stated');
    document.details!.prompts.forEach((_, prompt) => {
      const scene = sceneOf(shipped, { scope: 'circuit', layout: 'tokens', prompt }, { details: document.details });
      expect(scene.layout).toBe('tokens');
      expect(scene.reads.length).toBeGreaterThan(10);
    });
  });
});

describe('strongestKeys', () => {
  it('keeps the largest shares, and the largest one always', () => {
    expect(strongestKeys([0.05, 0.5, 0.15, 0.12, 0.18])).toEqual([
      { key: 1, share: 0.5 },
      { key: 4, share: 0.18 },
      { key: 2, share: 0.15 },
    ]);
    expect(strongestKeys(Array.from({ length: 40 }, () => 0.025))).toEqual([{ key: 0, share: 0.025 }]);
    expect(strongestKeys([0, NaN])).toEqual([]);
  });
});

describe('an attribution graph', () => {
  const graph = readAttributionGraph(sampleGraph(), 'graph.json').graph;
  const own = toAttributionData(graph);

  it('stands at the tokens and in the layers that its nodes bring, whatever layout is asked for', () => {
    for (const layout of ['tokens', 'grid'] as const) {
      const scene = sceneOf(own, { layout, limit: 1000 });
      expect(scene.layout).toBe('tokens');
      expect(scene.tokens).toHaveLength(graph.tokens.length);
      expect(scene.graph.order).toBeGreaterThan(3);
      scene.graph.forEachNode((id, { x, y, layer }) => {
        const { position } = own.nodeById.get(id)!;
        const cell = scene.graph.filterNodes(
          (other, node) => own.nodeById.get(other)!.position === position && Math.abs(node.y - y) < 1,
        );
        // The boxes of a cell stand around the middle of their token's column.
        const mean = cell.reduce((sum, other) => sum + scene.graph.getNodeAttribute(other, 'x'), 0) / cell.length;
        expect(Math.abs(mean - scene.tokens[position!]!.x)).toBeLessThan(60);
        expect(Number.isFinite(x)).toBe(true);
        const band = scene.bands.find((one) => one.layer === layer);
        if (layer !== null) expect(y > band!.bottom && y < band!.top).toBe(true);
      });
      const edges = scene.graph.mapEdges((_, __, source, target, from, to) => [source, target, from.y < to.y] as const);
      for (const [source, target, up] of edges) expect(up, `${source} to ${target}`).toBe(true);
    }
  });

  it('is cut to its strongest edges where they are too many to draw, and says so', () => {
    const [first] = own.edges;
    const edges = Array.from({ length: 2500 }, (_, i) => ({ ...first!, id: `${first!.id} ${i}`, effect: 3000 - i }));
    const nodes = own.nodes.map((node) => node);
    const scene = sceneOf({ ...own, nodes, edges }, { layout: 'tokens', limit: 2500 });
    expect(scene.notice).toBe('The 2000 strongest edges are drawn, and 500 are not.');
  });
});
