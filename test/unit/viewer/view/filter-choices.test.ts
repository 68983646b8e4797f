import { describe, expect, it } from 'vitest';
import { readAttributionGraph } from '../../../../src/files/tools/read-attribution-graph.js';
import { toAttributionData } from '../../../../viewer/data/attribution-data.js';
import { filterChoices } from '../../../../viewer/view/filter-choices.js';
import { sampleGraph } from '../../../support/attribution-graph.js';
import { sampleData } from '../../../support/viewer.js';
import { randomData } from '../../../support/viewer-scene.js';

describe('the filters that are offered', () => {
  it('are all of a circuit with heads and MLPs', () => {
    const all = { ports: ['q', 'k', 'v', 'out'], kinds: ['input', 'head', 'mlp', 'logits'], merges: true };
    expect(filterChoices(sampleData())).toEqual(all);
    expect(filterChoices(randomData(3, 4))).toEqual(all);
  });

  it('are none for ports and heads of an attribution graph', () => {
    const { graph } = readAttributionGraph(sampleGraph(), 'g');
    expect(filterChoices(toAttributionData(graph))).toEqual({ ports: [], kinds: ['input', 'logits'], merges: false });
  });

  it('follow the edges and nodes that there are', () => {
    const data = randomData(2, 2);
    const nodes = data.nodes.filter(({ kind }) => kind !== 'mlp');
    const edges = data.edges.filter(({ port }) => port === 'v' || port === 'out');
    const choices = filterChoices({ ...data, nodes, edges });
    expect(choices).toEqual({ ports: ['v', 'out'], kinds: ['input', 'head', 'logits'], merges: true });
    expect(filterChoices({ ...data, edges: [] })).toMatchObject({ ports: [], merges: false });
  });
});
