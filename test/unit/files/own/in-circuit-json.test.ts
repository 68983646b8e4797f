/** What edges are worth in the circuit, in files: written, read, and left out where it is of other edges. */
import { describe, expect, test } from 'vitest';
import type { Circuit } from '../../../../src/circuit/circuit.js';
import type { MeasuredWith } from '../../../../src/circuit/run-identity.js';
import { CIRCUIT_WRITERS, openCircuit } from '../../../../src/files/index.js';
import {
  SAMPLE_KEPT,
  SAMPLE_TOPOLOGY as topology,
  sampleCircuit,
  sampleProvenance,
} from '../../../support/sample-circuit.js';

const id = (name: string): number => topology.edgeId(name)!;

function measured(): Circuit {
  const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
  Object.keys(SAMPLE_KEPT).forEach((name, i) => (effects[id(name)] = i / 8));
  const curve = [
    { edges: 3, faithfulness: 0.25, necessity: null },
    { edges: 5, faithfulness: 1.125, necessity: -0.5 },
  ];
  return sampleCircuit({ inCircuit: { effects, idle: [id('m1->logits')], curve } });
}

interface Own {
  in_circuit: Record<string, unknown>;
  idle: unknown;
  curve: unknown;
  measured_with?: unknown;
}

/** The file after a change to what it says of its edges' worth, or to the edges themselves. */
function changed(change: (own: Own, edges: Record<string, { in_graph: boolean }>) => void): string {
  const file = JSON.parse(CIRCUIT_WRITERS.json(measured())) as {
    edges: Record<string, { in_graph: boolean }>;
    edgewise: Own;
  };
  change(file.edgewise, file.edges);
  return JSON.stringify(file);
}

describe('circuit.json', () => {
  test('holds effects, idle edges and curve under the names that other programs rely on', () => {
    const { edgewise } = JSON.parse(CIRCUIT_WRITERS.json(measured())) as { edgewise: Own };
    expect(edgewise.in_circuit['m1->logits']).toBe(0);
    expect(Object.keys(edgewise.in_circuit).toSorted()).toEqual(Object.keys(SAMPLE_KEPT).toSorted());
    expect(edgewise.idle).toEqual(['m1->logits']);
    expect(edgewise.curve).toEqual(measured().inCircuit!.curve);
  });

  test('gives them back, to the same bytes', () => {
    const text = CIRCUIT_WRITERS.json(measured());
    const { circuit, notes } = openCircuit(text, 'circuit.json');
    expect(circuit.inCircuit).toEqual(measured().inCircuit);
    expect(notes).toEqual([]);
    expect(CIRCUIT_WRITERS.json(circuit)).toBe(text);
  });

  test('says what was measured with, where that is not what the circuit was found with', () => {
    const { model, prompts } = sampleProvenance();
    const measuredWith: MeasuredWith = {
      model,
      task: { name: 'other', hash: 'ee'.repeat(32) },
      prompts,
      ablation: 'mean',
      meanOver: 'clean',
      input: 'token',
      metric: 'logit-diff',
    };
    const inCircuit = { ...measured().inCircuit!, measuredWith };
    const text = CIRCUIT_WRITERS.json(sampleCircuit({ inCircuit }));
    expect((JSON.parse(text) as { edgewise: Own }).edgewise.measured_with).toMatchObject({
      mean_over: 'clean',
      metric: 'logit-diff',
    });
    const { circuit, notes } = openCircuit(text, 'circuit.json');
    expect(circuit.inCircuit).toEqual(inCircuit);
    expect(notes).toEqual([]);
    expect(CIRCUIT_WRITERS.json(circuit)).toBe(text);
  });

  test('has none of it where nothing was measured', () => {
    const text = CIRCUIT_WRITERS.json(sampleCircuit());
    expect(text).not.toContain('in_circuit"');
    expect(openCircuit(text, 'circuit.json').circuit.inCircuit).toBeUndefined();
  });

  test.each<[string, (own: Own, edges: Record<string, { in_graph: boolean }>) => void]>([
    ['nobody knows what was measured', (own) => (own.measured_with = { metric: 7 })],
    ['what was measured is no object', (own) => (own.measured_with = 'kl')],
    ['an edge was cut by hand', (_, edges) => (edges['m1->logits']!.in_graph = false)],
    ['an edge was added by hand', (_, edges) => (edges['input->logits']!.in_graph = true)],
    ['an effect is missing', (own) => delete own.in_circuit['m1->logits']],
    ['an effect is a text', (own) => (own.in_circuit['m1->logits'] = '0')],
    ['an effect is of no edge', (own) => (own.in_circuit['cat'] = 0)],
    ['the effects are a list', (own) => (own.in_circuit = [] as never)],
    ['an idle edge is not kept', (own) => (own.idle = ['input->logits'])],
    ['the idle edges are an object', (own) => (own.idle = {})],
    ['the curve falls', (own) => (own.curve = (own.curve as unknown[]).toReversed())],
    ['a point is no object', (own) => (own.curve = [3])],
    ['a point has no necessity', (own) => (own.curve = [{ edges: 3, faithfulness: 1 }])],
    ['there is a curve alone', (own) => delete (own as Partial<Own>).in_circuit],
  ])('is read without it where %s, with a note', (_, change) => {
    const { circuit, notes } = openCircuit(changed(change), 'circuit.json');
    expect(circuit.inCircuit).toBeUndefined();
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('circuit.json: its effects in the circuit');
  });
});

describe.each(['gexf', 'graphml', 'node-link'] as const)('%s', (format) => {
  test('has the effect in the circuit as a column and gives it back; the curve has no place there', () => {
    const text = CIRCUIT_WRITERS[format](measured());
    expect(text).toContain('effect_in_circuit');
    const { circuit, notes } = openCircuit(text, `c.${format}`, {
      model: { topology, width: 16 },
    });
    expect(circuit.inCircuit!.effects).toEqual(measured().inCircuit!.effects);
    expect(circuit.inCircuit!.idle).toEqual([id('m1->logits')]);
    expect(circuit.inCircuit!.curve).toEqual([]);
    expect(notes).toEqual([]);
  });
});
