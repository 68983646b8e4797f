import { CIRCUIT_WRITERS } from '../../../src/files/index.js';
import { toAttributionData } from '../../../viewer/data/attribution-data.js';
import { howToMeasure } from '../../../viewer/data/how-to-measure.js';
import { openDocument } from '../../../viewer/data/open-document.js';
import { toCircuitData } from '../../../viewer/data/circuit-data.js';
import { withSavedView } from '../../../viewer/data/save-view.js';
import { buildScene } from '../../../viewer/scene/build-scene.js';
import { select } from '../../../viewer/view/selection.js';
import { decodeView, encodeView } from '../../../viewer/view/url-state.js';
import { DEFAULT_VIEW, type ViewState } from '../../../viewer/view/view-state.js';
import { sampleGraph } from '../../support/attribution-graph.js';
import { sampleCircuit } from '../../support/sample-circuit.js';
import { openCircuitDocument, sourceFile } from '../../support/viewer.js';
import type { FuzzedReader } from '../reader.js';
import { filesAt, textOf, textSeed } from './files.js';

const VIEW = {
  layout: 'figure',
  pinned: ['m1', 'a0.h1'],
  groups: [{ name: 'early', members: ['m0', 'a0.h1'] }],
  notes: { m1: 'why', 'm1->logits': 'strong' },
  positions: { grid: { m1: [1, 2] }, force: { 'a0.h1': [-3.5, 0] } },
  sign: 'positive-helps',
};

const HASHES = [
  'file=a&layout=figure&theme=dark&hue=port&merge=1&connected=1&scope=all&by=share&share=0.9',
  'ports=qk&kinds=head,mlp&layers=0-3&find=a0&show=m1&pin=m1,a0.h1&groups=early:m0:m1&notes=m1:why',
  'at.grid=m1:1:2,a0.h1:3:4&sign=positive-helps&step=12&blink=a&tab=edges&prompt=3&top=20',
];

export const viewerReaders = (root: string): FuzzedReader[] => [
  {
    name: 'view-in-file',
    numbers: 'NaN is not known',
    seeds: () => {
      const file = JSON.parse(CIRCUIT_WRITERS.json(sampleCircuit())) as { edgewise: Record<string, unknown> };
      file.edgewise['view'] = VIEW;
      return [
        textSeed('view.json', 'json', JSON.stringify(file)),
        ...filesAt(root, 'test/golden/export', /^kept\.gexf$/, 'xml'),
      ];
    },
    read(seed) {
      const document = openDocument({
        name: seed.name,
        text: textOf(seed),
        trace: null,
        details: null,
        saveTo: null,
      });
      // A changed file may be an attribution graph: another reader's.
      if (document.circuit === null) return document.warnings;
      const { savedView, warnings, circuit } = document;
      const data = toCircuitData(circuit, 'as-stated');
      const saved = savedView === null ? null : withSavedView(document, savedView).text;
      return { savedView, warnings, nodes: data.nodes, edges: data.edges, saved };
    },
  },
  {
    name: 'attribution-graph',
    seeds: () => [
      textSeed('graph.json', 'json', JSON.stringify(sampleGraph())),
      ...filesAt(root, 'test/golden/export', /^attribution-graph\.json$/, 'json'),
    ],
    read(seed) {
      const document = openDocument(sourceFile(seed.name, textOf(seed)));
      // A changed file may be a graph of networkx: it is opened, and another reader's.
      if (document.format !== 'attribution-graph') return document.warnings;
      const data = toAttributionData(document.graph);
      const view = { ...DEFAULT_VIEW, ...document.savedView };
      const options = { aspect: 1.5, force: null, found: null, details: null, deciding: null, end: null };
      const { graph } = buildScene(data, select(data, view), view, options);
      return { data: [data.nodes, data.edges, data.tokens], drawn: graph.order, warnings: document.warnings };
    },
  },
  {
    name: 'circuit-without-model',
    numbers: 'NaN is not known',
    seeds: () => [
      textSeed('edges.json', 'json', CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())),
      textSeed('node-link.json', 'json', '{"nodes":[{"id":"m1"}],"edges":[{"source":"m1","target":"logits"}]}'),
      textSeed('edges-alone.json', 'json', '{"edges": {"a3.h1->m4": {"in_graph": true, "score": 1}}}'),
    ],
    read(seed) {
      const document = openCircuitDocument(sourceFile(seed.name, textOf(seed)));
      const { edges } = toCircuitData(document.circuit, 'as-stated', document.sizesKnown);
      return { edges, warnings: document.warnings, how: howToMeasure(document) };
    },
  },
  {
    name: 'details-beside',
    numbers: 'NaN is not known',
    seeds: () => filesAt(root, 'graphs', /pronoun.*\.details\.json$/, 'json'),
    neverFails: true,
    read(seed) {
      const [circuit] = filesAt(root, 'graphs', /pronoun.*acdc\.json$/, 'json');
      const source = { name: seed.name, text: textOf(circuit!), trace: null, details: textOf(seed), saveTo: null };
      return openCircuitDocument(source).details;
    },
  },
  {
    name: 'view-in-url',
    neverFails: true,
    seeds: () => [
      ...HASHES.map((hash, i) => textSeed(`hash-${i}`, 'text', `#${hash}`)),
      textSeed('hash-full', 'text', `#${encodeView({ ...DEFAULT_VIEW, ...(VIEW as unknown as Partial<ViewState>) })}`),
    ],
    read: (seed) => decodeView(textOf(seed)),
    write: (view) => `#${encodeView(view as ViewState)}`,
  },
];
