// Every reader of circuit files on files that were changed: it reads them, or says in one line what is wrong.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../src/base/errors.js';
import {
  CIRCUIT_WRITERS,
  openCircuit,
  openImport,
  parseDetails,
  readTrace,
  writeDetails,
  writeTrace,
} from '../../../src/files/index.js';
import type { Circuit } from '../../../src/circuit/circuit.js';
import { SAMPLE_TOPOLOGY as topology, sampleCircuit, sampleDirectCircuit } from '../../support/sample-circuit.js';
import { unmeasuredDetails, unmeasuredNode, unmeasuredPrompt } from '../../support/sample-details.js';

/** Names that are keys of every object. */
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
const TEXTS = ['\u001b[31m', '\u202e', '\ud800', '\u0000', 'x'.repeat(300), '', '&#0;', '<', '"', ']]>', '\n'];
const HUGE = `1${'0'.repeat(400)}`;
const NUMBERS = ['1e999', '-1e400', HUGE, 'NaN', 'Infinity', '-INF', '-0', '1e-400', '9007199254740993', '-1'];
const POLLUTING = ['{"__proto__":{"previous":1}}', '{"constructor":{"prototype":{"previous":1}}}'];
const HOSTILE = [KEYS, TEXTS, NUMBERS, POLLUTING, ['null', '{}', '[]', 'true']].flat();

/** The text with some of its words, numbers or pieces replaced, doubled or left out. */
const mutated = (text: string): fc.Arbitrary<string> => {
  const token = /"(?:[^"\\]|\\.)*"|[\w.+-]+|<[^>]*>|[{}[\],:]/g;
  const spans = [...text.matchAll(token)].map((match) => [match.index, match.index + match[0].length] as const);
  const change = fc.record({
    at: fc.nat(spans.length - 1),
    what: fc.constantFrom('replace', 'quoted', 'inside', 'drop', 'double', 'swap', 'cut'),
    by: fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 8 })),
    other: fc.nat(spans.length - 1),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let result = text;
    for (const { at, what, by, other } of changes.toSorted((a, b) => b.at - a.at)) {
      const [from, to] = spans[at]!;
      const old = text.slice(from, to);
      const parts = {
        replace: by,
        quoted: JSON.stringify(by),
        inside: `${old.slice(0, 1)}${by}${old.slice(-1)}`,
        drop: '',
        double: `${old}${old}`,
        swap: text.slice(...spans[other]!),
        cut: old,
      };
      result = what === 'cut' ? result.slice(0, to) : `${result.slice(0, from)}${parts[what]}${result.slice(to)}`;
    }
    return result;
  });
};

const clean = (): string[] =>
  [Object.prototype, Array.prototype, Object, Function.prototype].map((one) => Reflect.ownKeys(one).map(String).join());

/** Runs a reader: undefined where it refused the text, in one line that names the file. */
function tryRead<T>(read: () => T): T | undefined {
  const before = clean();
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(EdgewiseError);
    const { message } = error as EdgewiseError;
    expect(message).toMatch(/^f\b/);
    expect(message).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{3,2000}$/u);
    return undefined;
  } finally {
    expect(clean()).toEqual(before);
  }
}

/** All numbers in a value are finite, or NaN for what was not measured where that is allowed. */
function expectFinite(value: unknown, mayBeNaN: boolean): void {
  if (typeof value === 'number') expect(Number.isFinite(value) || (mayBeNaN && Number.isNaN(value))).toBe(true);
  else if (ArrayBuffer.isView(value)) for (const one of value as Float64Array) expectFinite(one, mayBeNaN);
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) expectFinite(one, mayBeNaN);
}

const essence = ({ kept, effects, steps, provenance, imported, width, directTested }: Circuit): unknown => ({
  kept: [...kept],
  effects: [...effects],
  steps: [...steps],
  provenance,
  imported,
  width,
  directTested,
});

const all = { allEdges: true };
const CIRCUITS = [
  ['json', CIRCUIT_WRITERS.json(sampleDirectCircuit())],
  ['gexf', CIRCUIT_WRITERS.gexf(sampleDirectCircuit(), all)],
  ['graphml', CIRCUIT_WRITERS.graphml(sampleCircuit(), all)],
  ['node-link', CIRCUIT_WRITERS['node-link'](sampleDirectCircuit(), all)],
  ['eap-ig', CIRCUIT_WRITERS['eap-ig'](sampleCircuit())],
  ['edge-pruning', CIRCUIT_WRITERS['edge-pruning'](sampleCircuit())],
] as const;

describe('a changed file', () => {
  it.each(CIRCUITS)('of a circuit is read, or refused in one line: %s', (format, text) => {
    const model = format === 'edge-pruning' ? { topology, width: null } : null;
    let read = 0;
    fc.assert(
      fc.property(mutated(text), (changed) => {
        const opened = tryRead(() => openImport(changed, 'f', { model }));
        if (!opened) return;
        read++;
        const { circuit, scores } = opened;
        expectFinite(circuit.effects, true);
        expectFinite(circuit.provenance, false);
        expectFinite([scores?.values, scores?.nodes, scores?.neurons, scores?.perPrompt], true);
        if (circuit.topology.edgeCount > 10_000) return;
        const again = openImport(CIRCUIT_WRITERS.json(circuit), 'f', {}).circuit;
        expect(essence(again)).toEqual(essence(circuit));
      }),
      { numRuns: 250, examples: [[text]] },
    );
    expect(read, 'a property of files that are read needs some that are').toBeGreaterThan(0);
  });

  it('of decisions is read, or refused in one line', () => {
    const steps = [...sampleCircuit().steps.entries()].filter(([, step]) => step >= 0);
    const trace = steps
      .toSorted((a, b) => a[1] - b[1])
      .map(([id, step]) => ({ step, edge: topology.edgeName(id), before: 0.5, after: 1e-9, kept: step % 2 === 0 }));
    fc.assert(
      fc.property(mutated(writeTrace(trace)), (changed) => {
        const read = tryRead(() => readTrace(changed, 'f'));
        if (!read) return;
        expectFinite(read, true);
        expect(readTrace(writeTrace(read), 'f')).toEqual(read);
      }),
      { numRuns: 250 },
    );
  });

  it('of details is read, or refused in one line', () => {
    const tokens = [{ token: ' a', logit: 1.5 }];
    const row = { head: 'a0.h0', query: 1, kept: Float32Array.of(0.25, 0.75), cut: Float32Array.of(1, 0) };
    const score = { mul: 0.5, abs: -0.25, excludeBosAndCurrent: { mul: 0.75, abs: 1 } };
    const node = unmeasuredNode({
      attention: [Float32Array.of(1, 0, 0.25, 0.75)],
      corruptedAttention: [Float32Array.of(1, 0, 0.5, 0.5)],
      at: [1],
      writes: tokens,
      answerRank: [3],
      inCircuit: [-0.5],
      looks: [{ from: 'measured', at: 'self', share: 0.75, prompts: 1 }],
      verdicts: [{ kind: 'name-mover', share: 0.5 }],
      direct: [0.5],
      promotes: tokens,
      suppresses: tokens,
      detectors: { previous_token: score, duplicate_token: score, induction: score },
      ov: {
        words: 2,
        copying: { diagonalMean: 0.5, mean: -0.125, top1IsSelf: 0.5, top5HasSelf: 1 },
        tokens: [{ token: ' a', promotes: tokens }],
      },
    });
    const details = unmeasuredDetails({
      of: { model: 'aa', task: 'bb', keptEdges: 1 },
      metric: 'kl',
      prompts: [
        unmeasuredPrompt({
          clean: ['When', ' Mary'],
          corrupted: ['When', ' Anna'],
          position: 1,
          correct: [' a'],
          wrong: [],
          metrics: { whole: 0, circuit: 0.5, empty: null },
          logitDifference: 2.5,
          top: [{ token: ' a', logit: 1.5, probability: 0.5 }],
          probability: { correct: 0.5, wrong: 0 },
        }),
      ],
      nodes: { 'a0.h0': node, m0: { ...node, attention: null, detectors: null, ov: null } },
      rest: { writers: [0.5], constants: [-1] },
      edges: { 'a0.h0->m0': [0.5], 'm0->logits': [NaN] },
      inCircuit: { 'a0.h0->m0': [0.25] },
      reads: { 'm0->a0.h0<q>': [[row]] },
      writtenThrough: { 'm0->a0.h0<v>': tokens },
      curve: [{ edges: 1, metric: 0.5, faithfulness: null }],
    });
    fc.assert(
      fc.property(mutated(writeDetails(details)), (changed) => {
        const read = tryRead(() => parseDetails(changed, 'f'));
        if (!read) return;
        expectFinite(read, true);
        const text = writeDetails(read);
        expect(writeDetails(parseDetails(text, 'f'))).toBe(text);
      }),
      { numRuns: 250 },
    );
  });
});

describe('hostile names', () => {
  const gexf = (node: string, ends: string, more = ''): string =>
    `<?xml version="1.0"?><gexf version="1.3"><graph defaultedgetype="directed">${more}<nodes><node id="input"/>${node}</nodes>` +
    `<edges><edge ${ends}/></edges></graph></gexf>`;

  it.each(['__proto__', 'constructor', 'prototype', 'toString'])('are names like others to the readers: %s', (name) => {
    const texts = [
      gexf('', `source="input" target="${name}"`),
      gexf(`<node id="${name}"/>`, `source="input" target="${name}"`),
      gexf(`<node id="${name}"/>`, `source="${name}" target="input" ${name}="1"`),
      gexf(
        '',
        'source="input" target="input"',
        `<attributes class="${name}"><attribute id="${name}" title="${name}"/></attributes>`,
      ),
      gexf(
        '',
        'source="input" target="input"',
        `<${name}><attvalues><attvalue for="${name}" value="1"/></attvalues></${name}>`,
      ),
      CIRCUIT_WRITERS.graphml(sampleCircuit()).replaceAll('m0', name),
      CIRCUIT_WRITERS.graphml(sampleCircuit()).replaceAll('n_kind', name).replaceAll('for="node"', `for="${name}"`),
      CIRCUIT_WRITERS['node-link'](sampleCircuit()).replaceAll('"m0"', `"${name}"`),
      CIRCUIT_WRITERS.json(sampleCircuit()).replaceAll('"m0"', `"${name}"`),
      CIRCUIT_WRITERS.json(sampleCircuit()).replaceAll('m0->', `${name}->`),
      JSON.stringify([['tok_embeds', name]]),
    ];
    for (const text of texts) tryRead(() => openImport(text, 'f', { model: { topology, width: null } }));
  });
});

describe('numbers beyond the largest one', () => {
  const json = CIRCUIT_WRITERS.json(sampleCircuit());
  it.each([
    [json.replace('"score":0.5', '"score":1e999'), 'edges.m1->logits.score: got Infinity, expected a finite number'],
    [json.replace('"final":0.25', '"final":-1e999'), 'edgewise.provenance.metrics.final: got -Infinity, expected a'],
    [
      json.replace('"threshold": 0.05', `"threshold": 1${'0'.repeat(400)}`),
      'edgewise.provenance.threshold: got Infinity',
    ],
    [
      CIRCUIT_WRITERS.gexf(sampleCircuit()).replaceAll('"0.5"', '"1e999"'),
      'effect: got "1e999", expected a finite number',
    ],
    [
      CIRCUIT_WRITERS.graphml(sampleCircuit()).replace('&quot;threshold&quot;:0.05', '&quot;threshold&quot;:1e999'),
      'node "input": meta_json: threshold: got Infinity',
    ],
    ['{"step":0,"edge":"m0->logits","before":1e999,"after":0,"kept":true}', 'before: got Infinity, expected a finite'],
  ])('are refused with file and field %#', (text, message) => {
    expect(() => openCircuit(text, 'f.x')).toThrow(message);
    expect(() => openCircuit(text, 'f.x')).toThrow(/^f\.x/);
    // JSON that becomes another file is told by line and column.
    expect(() => openImport(text, 'f.x', {})).toThrow(/^f\.x.*(is beyond the largest number|expected a finite number)/);
  });
});
