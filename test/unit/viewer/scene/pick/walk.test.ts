import { describe, expect, it } from 'vitest';
import { walk } from '../../../../../viewer/scene/pick/walk.js';
import { randomData, sceneOf } from '../../../../support/viewer-scene.js';

const data = randomData(4, 4);

describe('walk', () => {
  const { graph } = sceneOf(data, { limit: 250 });
  const connected = graph.filterNodes((_, node) => node.connected && node.kind !== 'port');

  it('goes along the row', () => {
    const row = connected.filter((id) => graph.getNodeAttribute(id, 'layer') === 1);
    row.sort((a, b) => graph.getNodeAttribute(a, 'x') - graph.getNodeAttribute(b, 'x'));
    expect(row.length).toBeGreaterThan(2);
    for (const [i, id] of row.entries()) {
      expect(walk(graph, id, 'right')).toBe(row[i + 1] ?? null);
      expect(walk(graph, id, 'left')).toBe(row[i - 1] ?? null);
    }
  });

  it('goes from the input up to the logits and back', () => {
    for (const changes of [{}, { layout: 'figure' }, { layout: 'force' }] as const) {
      const shown = sceneOf(data, { limit: 250, ...changes }).graph;
      const path = ['input'];
      for (let at = walk(shown, 'input', 'up'); at !== null; at = walk(shown, at, 'up')) path.push(at);
      expect(path.at(-1)).toBe('logits');
      expect(path.length).toBeGreaterThan(4);
      let down: string | null = 'logits';
      for (let next: string | null = down; next !== null; next = walk(shown, next, 'down')) down = next;
      expect(down).toBe('input');
    }
  });

  it('starts from the head of a port, and nowhere from nothing', () => {
    const port = graph.filterNodes((_, node) => node.kind === 'port')[0]!;
    expect(walk(graph, port, 'up')).toBe(walk(graph, graph.getNodeAttribute(port, 'parent')!, 'up'));
    expect(walk(graph, 'gone', 'up')).toBeNull();
  });
});
