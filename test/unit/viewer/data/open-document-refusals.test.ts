import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { CIRCUIT_WRITERS, openImport } from '../../../../src/files/index.js';
import { openDocument } from '../../../../viewer/data/open-document.js';
import { anyText } from '../../../support/any-text.js';
import { sampleCircuit } from '../../../support/sample-circuit.js';
import { sourceFile, openCircuitDocument } from '../../../support/viewer.js';

const circuit = sampleCircuit();
const json = CIRCUIT_WRITERS.json(circuit);

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

describe('a file that cannot be opened', () => {
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
  ])('says what it reads when given %j', (text, message) => {
    expect(complaint(text)).toContain(`some.file: ${message}`);
    expect(complaint(text)).toContain('Edgewise reads circuit.json and scores.json, trace.jsonl, GEXF');
  });

  it('refuses a key that is there twice, as import does, wherever it is', () => {
    const twice = json.replace('"m1->logits":', '"m0->m1": {"score": 1, "in_graph": false},\n"m1->logits":');
    for (const [text, key] of [
      [twice, 'm0->m1'],
      [json.replace('"nodes":', '"edges": {}, "nodes":'), 'edges'],
      [json.replace('"in_graph":true', '"in_graph":false,"in_graph":true'), 'in_graph'],
    ] as const) {
      const message = new RegExp(`^f: not valid JSON at line \\d+, column \\d+: the key "${key}" is there twice$`);
      expect(() => openCircuitDocument(sourceFile('f', text))).toThrow(message);
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

  it.each([
    [json.replace('"in_graph":true,"step":0', '"step":0'), 'edges["m1->logits"].in_graph: got nothing'],
    ['{"edges": {}}', 'the file does not say what model the circuit is of'],
    [json.replace('"n_layers":2', '"n_layers":1'), 'not in a model with 1 layer of 2 heads'],
    [json.replace('"schema_version": 1', '"schema_version": 9'), 'edgewise.schema_version is 9'],
    [CIRCUIT_WRITERS.gexf(circuit).replace('</gexf>', ''), 'does not end in </gexf>'],
  ])('names what is at fault in a circuit: %#', (text, message) => {
    expect(complaint(text)).toContain(message);
  });

  it.each([
    ['[["m3", "m1"]]', '[0]: "m3 -> m1": the reader comes before the writer'],
    ['[["a0.hX", "m1"]]', '[0]: got "a0.hX", expected a writer of the model'],
    ['[["m0", "a99999.h99999.q"]]', 'node "a99999.h99999"'],
  ])('names the edge of a list that no model has: %s', (text, message) => {
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
