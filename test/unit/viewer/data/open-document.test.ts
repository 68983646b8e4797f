import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { keptEdges } from '../../../../src/circuit/circuit.js';
import { writeDetails } from '../../../../src/files/own/details-json.js';
import { CIRCUIT_WRITERS, writeTrace } from '../../../../src/files/index.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { writeScoresJson } from '../../../../src/files/own/scores-json.js';
import { toCircuitData } from '../../../../viewer/data/circuit-data.js';
import { defaultScope } from '../../../../viewer/view/pool.js';
import { select } from '../../../../viewer/view/selection.js';
import { DEFAULT_EDGES, DEFAULT_VIEW, type ViewState } from '../../../../viewer/view/view-state.js';
import { circuitFromScores } from '../../../../src/circuit/scored-circuit.js';
import { select as toolSelect } from '../../../../src/discover/select.js';
import { withSavedView } from '../../../../viewer/data/save-view.js';
import { sampleGraph } from '../../../support/attribution-graph.js';
import { sampleScores } from '../../../support/sample-scores.js';
import { SAMPLE_KEPT, sampleCircuit } from '../../../support/sample-circuit.js';
import { unmeasuredDetails } from '../../../support/sample-details.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const circuit = sampleCircuit();
const json = CIRCUIT_WRITERS.json(circuit);
const step = { step: 0, edge: 'm1->logits', before: 0, after: 0.5, kept: true };

const details = unmeasuredDetails();

describe('openDocument', () => {
  it('opens each circuit of graphs/ without a warning', () => {
    for (const name of readdirSync(GRAPHS).filter((file) => /\.acdc\.(json|gexf)$/.test(file))) {
      const opened = openCircuitDocument(sourceFile(name, readFileSync(`${GRAPHS}${name}`, 'utf8')));
      expect([name, opened.warnings, opened.signStated]).toEqual([name, [], true]);
      expect(opened.format).toBe(name.endsWith('gexf') ? 'gexf' : 'edgewise');
      expect(keptEdges(opened.circuit)).toBeGreaterThan(0);
    }
  });

  it('tells the format by the text, whatever the name', () => {
    expect(openCircuitDocument(sourceFile('x.gexf', `\ufeff\n ${json}`)).format).toBe('edgewise');
    expect(openCircuitDocument(sourceFile('x.json', CIRCUIT_WRITERS.gexf(circuit))).format).toBe('gexf');
  });

  it('knows that a file of another program does not state its sign', () => {
    const foreign = sampleCircuit({ provenance: null });
    for (const [format, text] of [
      ['eap-ig', CIRCUIT_WRITERS.json(foreign)],
      ['gexf', CIRCUIT_WRITERS.gexf(foreign)],
    ] as const) {
      expect(openCircuitDocument(sourceFile('x', text))).toMatchObject({ format, signStated: false });
    }
  });

  it('opens scores as scores: the strongest edges at first, and a word that nothing was selected', () => {
    const scores = sampleScores();
    const opened = openCircuitDocument(sourceFile('scores.json', writeScoresJson(scores)));
    expect(opened).toMatchObject({ format: 'edgewise', scoresOnly: true, signStated: true, trace: null, warnings: [] });
    const data = toCircuitData(opened.circuit, 'negative-helps');
    expect(defaultScope(data)).toBe('all');
    const { edges } = select(data, DEFAULT_VIEW);
    expect(edges.length).toBe(Math.min(DEFAULT_EDGES, scores.topology.additionEdges));
    expect(edges.slice(0, 3).map((edge) => edge.effect)).toEqual(
      [...scores.values]
        .filter(Number.isFinite)
        .toSorted((a, b) => Math.abs(b) - Math.abs(a))
        .slice(0, 3),
    );
    const foreign = openCircuitDocument(
      sourceFile('s', writeScoresJson({ ...scores, provenance: null, positive: null })),
    );
    expect(foreign).toMatchObject({ format: 'eap-ig', scoresOnly: true, signStated: false });
    expect(openCircuitDocument(sourceFile('x', json)).scoresOnly).toBe(false);
  });

  it('knows the sign of a circuit that was imported with it, and how it was chosen', () => {
    const scores = sampleScores({ provenance: null });
    const chosen = toolSelect(scores, { rule: 'top', edges: 4, absolute: false, prune: false });
    const text = CIRCUIT_WRITERS.json(circuitFromScores(scores, chosen));
    const opened = openCircuitDocument(sourceFile('x', text));
    expect(opened).toMatchObject({ format: 'eap-ig', signStated: true, scoresOnly: false });
    expect(opened.circuit.imported).toEqual({ positive: 'helps', selection: chosen.record });
    const effects = (sign: ViewState['sign']): (number | null)[] =>
      toCircuitData(opened.circuit, sign).edges.map((edge) => edge.effect);
    expect(effects('negative-helps')).toEqual(effects('as-stated'));
  });

  it('reads what lies beside the circuit', () => {
    const opened = openCircuitDocument(
      sourceFile('x', json, { trace: writeTrace([step]), details: writeDetails(details) }),
    );
    expect(opened).toMatchObject({ trace: [step], details, warnings: [] });
  });

  it.each([
    ['trace', 'x', 'trace of x, line 1: not valid JSON; left out'],
    [
      'trace',
      writeTrace([{ ...step, kept: false }]),
      'trace of x: edge "m1->logits" is removed here and kept in the circuit',
    ],
    ['details', 'x', 'details of x: not valid JSON'],
    ['details', '{}', 'details of x: '],
    [
      'details',
      writeDetails({ ...details, of: { ...details.of, task: '' } }),
      'details of x: belong to another circuit',
    ],
  ])('warns of a %s that is of no use: %#', (kind, text, warning) => {
    const opened = openCircuitDocument(sourceFile('x', json, { [kind]: text }));
    expect(opened.warnings.length).toBe(1);
    expect(opened.warnings[0]).toContain(warning);
    expect(opened.details).toBeNull();
    // The circuit itself tells the order of its decisions.
    expect(opened.trace?.length).toBe(9);
  });

  it('never takes the sizes that the names of a file need for those of its model', () => {
    const bare = CIRCUIT_WRITERS.gexf(circuit)
      .replaceAll(/<attvalue for="cfg_json"[^>]*>/g, '')
      .replace(/<description>.*<\/description>/, '');
    for (const [text, doubt] of [
      [bare, 'does not say how many layers and heads its model has'],
      ['{"edges": {"m1->logits": {"in_graph": true, "score": 1}}}', 'does not say what model the circuit is of'],
      ['{"nodes": [{"id": "m1"}], "edges": [{"source": "m1", "target": "logits"}]}', 'does not say what model'],
    ] as const) {
      const opened = openCircuitDocument(sourceFile('bare', text));
      expect(opened.sizesKnown).toBe(false);
      expect(opened.warnings).toEqual([
        expect.stringMatching(new RegExp(`^bare: the file ${doubt}.*; it has at least`)),
      ]);
      const { edges } = toCircuitData(opened.circuit, 'as-stated', opened.sizesKnown);
      expect(edges.length).toBe([...text.matchAll(/in_graph|<edge |"source"/g)].length);
      if (opened.format === 'eap-ig') continue;
      expect(() => withSavedView(opened, {})).toThrow(/^bare: does not say how many layers .* import says it, with/);
    }
    expect(openCircuitDocument(sourceFile('whole', CIRCUIT_WRITERS.gexf(circuit))).sizesKnown).toBe(true);
  });

  it('says of scores that are no numbers, or too large to add up, that they are', () => {
    const file = (...scores: string[]): string => {
      const edges = scores.map(
        (score, i) => `"${['input', 'a0.h0', 'm0'][i]}->logits": {"in_graph": true, "score": ${score}}`,
      );
      return `{"cfg": {"n_layers": 1, "n_heads": 1}, "edges": {${edges.join()}}}`;
    };
    const warnings = (text: string): readonly string[] => openCircuitDocument(sourceFile('f', text)).warnings;
    const none = ['f: the score of none of its 3 edges is a finite number'];
    expect(warnings(file('NaN', 'NaN', 'NaN'))).toEqual(none);
    expect(warnings(file('Infinity', '-Infinity', 'NaN'))).toEqual(none);
    expect(warnings(file('1', 'NaN', 'null'))).toEqual([
      'f: the score of 2 of its 3 edges is no finite number; they count as not measured',
    ]);
    expect(warnings(file('1e308', '-1e308', '1e308'))).toEqual([
      'f: its scores add up to more than the largest number; shares of them are not shown',
    ]);
    expect(warnings(file('1', '2', '3'))).toEqual([]);
    expect(warnings(file('1', 'NaN', '3').replace('"score": NaN', '"tested": false'))).toEqual([]);
    expect(() => openCircuitDocument(sourceFile('f', file('1e999')))).toThrow(
      /^f: not valid JSON.* beyond the largest number$/,
    );
    const gexf = CIRCUIT_WRITERS.gexf(circuit);
    expect(gexf).toContain('value="0.5"');
    expect(warnings(gexf.replaceAll('for="effect" value="0.5"', 'for="effect" value="NaN"'))).toEqual([
      'f: the score of 1 of its 7 edges is no finite number; they count as not measured',
    ]);
    const graph = JSON.parse(CIRCUIT_WRITERS['node-link'](circuit)) as { edges: Record<string, unknown>[] };
    const edges = graph.edges.map((edge) => ({ ...edge, effect: null }));
    expect(warnings(JSON.stringify({ ...graph, edges }))).toEqual([
      expect.stringContaining('the score of none of its'),
    ]);
  });

  it('opens edges.json of Edge Pruning, as far as its names tell', () => {
    const opened = openCircuitDocument(sourceFile('edges.json', CIRCUIT_WRITERS['edge-pruning'](circuit)));
    expect(opened).toMatchObject({ format: 'edge-pruning', sizesKnown: false, signStated: false });
    expect(opened.warnings).toEqual([
      'edges.json: the file does not say what model the circuit is of; it has at least 2 layers of 2 heads',
    ]);
    const shown = toCircuitData(opened.circuit, 'as-stated', false).edges.map(({ id }) => id);
    expect(shown.toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    const bare = openCircuitDocument(sourceFile('e', '[["a3.h1", "m3"], ["m3", "resid_post"]]'));
    const [note] = bare.warnings;
    expect(note).toBe('no embedding is among the writers: input is taken to feed every reader that the file names');
    expect(
      toCircuitData(bare.circuit, 'as-stated', false)
        .edges.map(({ id }) => id)
        .toSorted(),
    ).toEqual(
      [
        ...['a3.h1<q>', 'a3.h1<k>', 'a3.h1<v>', 'm3', 'logits'].map((reader) => `input->${reader}`),
        'a3.h1->m3',
        'm3->logits',
      ].toSorted(),
    );
  });

  it('opens a graph of networkx, written by an older one too', () => {
    const graph = { directed: true, multigraph: false, graph: {}, nodes: [{ id: 'm0' }, { id: 'logits' }] };
    const link = { source: 'm0', target: 'logits', weight: -0.5 };
    for (const member of ['edges', 'links']) {
      const opened = openCircuitDocument(sourceFile('g.json', JSON.stringify({ ...graph, [member]: [link] })));
      expect(opened).toMatchObject({ format: 'node-link', sizesKnown: false, signStated: false });
      const [edge] = toCircuitData(opened.circuit, 'as-stated', false).edges;
      expect(edge).toMatchObject({ id: 'm0->logits', effect: -0.5, inCircuit: true });
    }
  });

  it('opens an attribution graph, with what its author pinned and grouped', () => {
    const text = JSON.stringify(sampleGraph());
    const opened = openDocument(sourceFile('g.json', text, { details: '{}' }));
    expect(opened).toMatchObject({
      format: 'attribution-graph',
      circuit: null,
      sizesKnown: false,
      savedView: {
        layout: 'tokens',
        pinned: ['20_15589_2'],
        groups: [{ name: 'Texas', members: ['6_4012_1'] }],
      },
      warnings: ['details of g.json: belong to no circuit; left out'],
    });
    expect(openDocument(sourceFile('c.json', json)).format).toBe('edgewise');
  });
});
