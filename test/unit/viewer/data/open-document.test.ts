import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { keptEdges } from '../../../../src/circuit/circuit.js';
import { writeDetails } from '../../../../src/files/own/details-json.js';
import { CIRCUIT_WRITERS, openImport, writeTrace } from '../../../../src/files/index.js';
import { openDocument, openViewerDocument } from '../../../../viewer/data/open-document.js';
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
import { anyText } from '../../../support/any-text.js';
import { SAMPLE_KEPT, sampleCircuit } from '../../../support/sample-circuit.js';
import { unmeasuredDetails } from '../../../support/sample-details.js';
import { sourceFile } from '../../../support/viewer.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const circuit = sampleCircuit();
const json = CIRCUIT_WRITERS.json(circuit);
const step = { step: 0, edge: 'm1->logits', before: 0, after: 0.5, kept: true };

const details = unmeasuredDetails();

function complaint(text: string): string {
  try {
    openDocument(sourceFile('some.file', text));
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.message).toMatch(/^some\.file(, line \d+)?: [^\p{Cc}\p{Cf}]{1,500}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

describe('openDocument', () => {
  it('opens each circuit of graphs/ without a warning', () => {
    for (const name of readdirSync(GRAPHS).filter((file) => /\.acdc\.(json|gexf)$/.test(file))) {
      const opened = openDocument(sourceFile(name, readFileSync(`${GRAPHS}${name}`, 'utf8')));
      expect([name, opened.warnings, opened.signStated]).toEqual([name, [], true]);
      expect(opened.format).toBe(name.endsWith('gexf') ? 'gexf' : 'edgewise');
      expect(keptEdges(opened.circuit)).toBeGreaterThan(0);
    }
  });

  it('tells the format by the text, whatever the name', () => {
    expect(openDocument(sourceFile('x.gexf', `\ufeff\n ${json}`)).format).toBe('edgewise');
    expect(openDocument(sourceFile('x.json', CIRCUIT_WRITERS.gexf(circuit))).format).toBe('gexf');
  });

  it('knows that a file of another program does not state its sign', () => {
    const foreign = sampleCircuit({ provenance: null });
    for (const [format, text] of [
      ['eap-ig', CIRCUIT_WRITERS.json(foreign)],
      ['gexf', CIRCUIT_WRITERS.gexf(foreign)],
    ] as const) {
      expect(openDocument(sourceFile('x', text))).toMatchObject({ format, signStated: false });
    }
  });

  it('opens scores as scores: the strongest edges at first, and a word that nothing was selected', () => {
    const scores = sampleScores();
    const opened = openDocument(sourceFile('scores.json', writeScoresJson(scores)));
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
    const foreign = openDocument(sourceFile('s', writeScoresJson({ ...scores, provenance: null, positive: null })));
    expect(foreign).toMatchObject({ format: 'eap-ig', scoresOnly: true, signStated: false });
    expect(openDocument(sourceFile('x', json)).scoresOnly).toBe(false);
  });

  it('knows the sign of a circuit that was imported with it, and how it was chosen', () => {
    const scores = sampleScores({ provenance: null });
    const chosen = toolSelect(scores, { rule: 'top', edges: 4, absolute: false, prune: false });
    const text = CIRCUIT_WRITERS.json(circuitFromScores(scores, chosen));
    const opened = openDocument(sourceFile('x', text));
    expect(opened).toMatchObject({ format: 'eap-ig', signStated: true, scoresOnly: false });
    expect(opened.circuit.imported).toEqual({ positive: 'helps', selection: chosen.record });
    const effects = (sign: ViewState['sign']): (number | null)[] =>
      toCircuitData(opened.circuit, sign).edges.map((edge) => edge.effect);
    expect(effects('negative-helps')).toEqual(effects('as-stated'));
  });

  it('reads what lies beside the circuit', () => {
    const opened = openDocument(sourceFile('x', json, { trace: writeTrace([step]), details: writeDetails(details) }));
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
    const opened = openDocument(sourceFile('x', json, { [kind]: text }));
    expect(opened.warnings.length).toBe(1);
    expect(opened.warnings[0]).toContain(warning);
    expect(opened.details).toBeNull();
    // The circuit itself tells the order of its decisions.
    expect(opened.trace?.length).toBe(9);
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['\0\u0001PNG', 'is neither JSON nor XML'],
    ['digraph { a -> b }', 'is neither JSON nor XML'],
    ['[1, 2]', 'is JSON, but neither an object nor a list of pairs'],
    ['null', 'is JSON, but no object'],
    ['<!doctype html><html><body>Not found</body></html>', 'is XML or HTML (html), but neither GEXF nor GraphML'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'is XML or HTML (svg), but neither GEXF nor GraphML'],
    ['<<<', 'is XML or HTML (no element), but neither GEXF nor GraphML'],
    ['{"a": ', 'not valid JSON'],
    [json.slice(0, 3000), 'not valid JSON'],
    ['{}', 'is JSON, but no circuit: an empty object'],
    ['{"a": 1, "b": 2}', 'is JSON, but no circuit: an object with "a", "b"'],
    ['{"edges": [[0, 1]], "x": 1}', 'edges: got an array, expected an object of edges by name'],
    [
      '{"metadata": {}, "nodes": [], "links": []}',
      'is an attribution graph of features, which has no edges between heads and MLPs',
    ],
  ])('says what it reads when given %j', (text, message) => {
    expect(complaint(text)).toContain(`some.file: ${message}`);
    expect(complaint(text)).toContain('Edgewise reads circuit.json and scores.json, trace.jsonl, GEXF');
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
      const opened = openDocument(sourceFile('bare', text));
      expect(opened.sizesKnown).toBe(false);
      expect(opened.warnings).toEqual([
        expect.stringMatching(new RegExp(`^bare: the file ${doubt}.*; it has at least`)),
      ]);
      const { edges } = toCircuitData(opened.circuit, 'as-stated', opened.sizesKnown);
      expect(edges.length).toBe([...text.matchAll(/in_graph|<edge |"source"/g)].length);
      if (opened.format === 'eap-ig') continue;
      expect(() => withSavedView(opened, {})).toThrow(/^bare: does not say how many layers .* import says it, with/);
    }
    expect(openDocument(sourceFile('whole', CIRCUIT_WRITERS.gexf(circuit))).sizesKnown).toBe(true);
  });

  it('says of scores that are no numbers, or too large to add up, that they are', () => {
    const file = (...scores: string[]): string => {
      const edges = scores.map(
        (score, i) => `"${['input', 'a0.h0', 'm0'][i]}->logits": {"in_graph": true, "score": ${score}}`,
      );
      return `{"cfg": {"n_layers": 1, "n_heads": 1}, "edges": {${edges.join()}}}`;
    };
    const warnings = (text: string): readonly string[] => openDocument(sourceFile('f', text)).warnings;
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
    expect(() => openDocument(sourceFile('f', file('1e999')))).toThrow(
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

  it('refuses a key that is there twice, as import does, wherever it is', () => {
    const twice = json.replace('"m1->logits":', '"m0->m1": {"score": 1, "in_graph": false},\n"m1->logits":');
    for (const [text, key] of [
      [twice, 'm0->m1'],
      [json.replace('"nodes":', '"edges": {}, "nodes":'), 'edges'],
      [json.replace('"in_graph":true', '"in_graph":false,"in_graph":true'), 'in_graph'],
    ] as const) {
      const message = new RegExp(`^f: not valid JSON at line \\d+, column \\d+: the key "${key}" is there twice$`);
      expect(() => openDocument(sourceFile('f', text))).toThrow(message);
      expect(() => openImport(text, 'f', {})).toThrow(message);
    }
  });

  it.each([
    ['m1->m0', 'leads backwards: m0 does not read after m1 writes'],
    ['a0.h1->a0.h0<q>', 'leads backwards: a0.h0 does not read after a0.h1 writes'],
    ['logits->m0', 'leads backwards: m0 does not read after logits writes'],
    ['m0->input', 'leads backwards: input does not read after m0 writes'],
    ['m0->m0', 'leads to its own node'],
    ['a1.h0->a1.h0<v>', 'leads to its own node'],
    ['a1.h0->a1.h0', 'leads to its own node'],
    ['m0->m7', 'not in a model with 2 layers of 2 heads (circuit of another model?)'],
    ['m0->a1.h0', 'not in a model'],
  ])('says of %s what is wrong with it', (name, what) => {
    expect(complaint(json.replace('"m0->m1"', `"${name}"`))).toContain(`edge "${name}": ${what}`);
  });

  it('opens edges.json of Edge Pruning, as far as its names tell', () => {
    const opened = openDocument(sourceFile('edges.json', CIRCUIT_WRITERS['edge-pruning'](circuit)));
    expect(opened).toMatchObject({ format: 'edge-pruning', sizesKnown: false, signStated: false });
    expect(opened.warnings).toEqual([
      'edges.json: the file does not say what model the circuit is of; it has at least 2 layers of 2 heads',
    ]);
    const shown = toCircuitData(opened.circuit, 'as-stated', false).edges.map(({ id }) => id);
    expect(shown.toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    const bare = openDocument(sourceFile('e', '[["a3.h1", "m3"], ["m3", "resid_post"]]'));
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
    expect(complaint('[["m3", "m1"]]')).toContain('[0]: "m3 -> m1": the reader comes before the writer');
    expect(complaint('[["a0.hX", "m1"]]')).toContain('[0]: got "a0.hX", expected a writer of the model');
    expect(complaint('[["m0", "a99999.h99999.q"]]')).toContain('node "a99999.h99999"');
  });

  it('opens a graph of networkx, written by an older one too', () => {
    const graph = { directed: true, multigraph: false, graph: {}, nodes: [{ id: 'm0' }, { id: 'logits' }] };
    const link = { source: 'm0', target: 'logits', weight: -0.5 };
    for (const member of ['edges', 'links']) {
      const opened = openDocument(sourceFile('g.json', JSON.stringify({ ...graph, [member]: [link] })));
      expect(opened).toMatchObject({ format: 'node-link', sizesKnown: false, signStated: false });
      const [edge] = toCircuitData(opened.circuit, 'as-stated', false).edges;
      expect(edge).toMatchObject({ id: 'm0->logits', effect: -0.5, inCircuit: true });
    }
  });

  it('opens an attribution graph, with what its author pinned and grouped', () => {
    const text = JSON.stringify(sampleGraph());
    const opened = openViewerDocument(sourceFile('g.json', text, { details: '{}' }));
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
    expect(complaint(text)).toContain('is an attribution graph of features');
    expect(openViewerDocument(sourceFile('c.json', json)).format).toBe('edgewise');
  });

  it.each([
    [json.replace('"in_graph":true,"step":0', '"step":0'), 'edges["m1->logits"].in_graph: got nothing'],
    ['{"edges": {}}', 'the file does not say what model the circuit is of'],
    [json.replace('"n_layers":2', '"n_layers":1'), 'not in a model with 1 layer of 2 heads'],
    [json.replace('"schema_version": 1', '"schema_version": 9'), 'edgewise.schema_version is 9'],
    [CIRCUIT_WRITERS.gexf(circuit).replace('</gexf>', ''), 'does not end in </gexf>'],
  ])('names what is at fault in a circuit: %#', (text, message) => {
    expect(complaint(text)).toContain(message);
  });

  it('fails on anything else with one line', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          anyText.map((text) => `{${text}`),
          anyText.map((text) => `<${text}`),
        ),
        (text) => {
          expect(complaint(text)).toContain('some.file');
        },
      ),
    );
  });
});
