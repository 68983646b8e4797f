/**
 * Graphs of the size of Llama-3-8B's: scores are written, read, chosen from, and the circuit is opened in the viewer.
 */
import { expect, it } from 'vitest';

import { circuitFromScores } from '../../../src/circuit/scored-circuit.js';
import { createScores } from '../../../src/circuit/scores.js';
import { Topology } from '../../../src/circuit/topology.js';
import { select } from '../../../src/discover/select.js';
import { CIRCUIT_WRITERS, writeScoresJson } from '../../../src/files/index.js';
import { openImport } from '../../../src/files/import-file.js';
import { toCircuitData } from '../../../viewer/data/circuit-data.js';
import { randomNumbers } from '../../support/random.js';
import { sceneOf } from '../../support/viewer-scene.js';
import { openCircuitDocument } from '../../support/viewer.js';

const ALL = process.env['EDGEWISE_ALL_RUNS'] === '1';
/** Of Llama-3-8B, or a sample of it. */
const SIZE = ALL ? { layers: 32, heads: 32 } : { layers: 8, heads: 8 };
const MEMORY = 4e9;
const CHOSEN = 2000;

it.each([
  ['per head', SIZE.heads, ALL ? 1_592_881 : 6_637],
  ['of groups', SIZE.heads / 4, ALL ? 805_681 : 3_517],
])('key and value ports %s', { timeout: 600_000 }, (_, kvPorts, edges) => {
  const topology = new Topology({ ...SIZE, kvPorts, parallel: false });
  expect(topology.additionEdges).toBe(edges);
  const normals = randomNumbers(1).normals(topology.edgeCount);
  const values = Float64Array.from(normals, (value, id) => {
    // Edges from the input and into the logits are strong, so that circuits are connected.
    const { writer, port } = topology.edge(id) as { writer?: number; port: number };
    const isEnd = writer === 0 || port === topology.logitsPort;
    return id < topology.additionEdges ? value ** 5 * (isEnd ? 100 : 1) : NaN;
  });
  const rest = { nodes: null, neurons: null, perPrompt: null, provenance: null };
  const scores = createScores({ topology, width: 128 * SIZE.heads, values, positive: 'helps', ...rest });

  const read = openImport(writeScoresJson(scores), 'scores.json', {}).scores!;
  expect(read.values).toEqual(values);
  const rule = { rule: 'top', edges: CHOSEN, absolute: true, prune: true } as const;
  const circuit = circuitFromScores(read, select(read, rule));
  expect([...circuit.kept]).toEqual([...select(scores, rule).kept]);
  expect(circuit.kept.additionSize).toBeGreaterThan(SIZE.layers);

  const text = CIRCUIT_WRITERS.json(circuit);
  const document = openCircuitDocument({ name: 'c.json', text, trace: null, details: null, saveTo: null });
  expect([...document.circuit.kept]).toEqual([...circuit.kept]);
  const data = toCircuitData(document.circuit, 'as-stated');
  expect(data.edges).toHaveLength(edges);
  const { graph } = sceneOf(data, { scope: 'circuit', limit: 200 });
  expect(graph.filterEdges((__, { kind }) => kind !== 'shared').length).toBeGreaterThan(SIZE.layers);
  const sparse = CIRCUIT_WRITERS.json(circuit, { sparse: true });
  expect(sparse.length).toBeLessThan(text.length * (CHOSEN / edges + 0.05));
  const few = openCircuitDocument({ name: 'c.json', text: sparse, trace: null, details: null, saveTo: null });
  expect([...few.circuit.kept]).toEqual([...circuit.kept]);
  expect(toCircuitData(few.circuit, 'as-stated').edges).toHaveLength(edges);
  const gexf = CIRCUIT_WRITERS.gexf(circuit);
  expect([...openImport(gexf, 'c.gexf', {}).circuit.kept]).toEqual([...circuit.kept]);
  expect(process.memoryUsage().rss).toBeLessThan(MEMORY);
});
