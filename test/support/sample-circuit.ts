import { createCircuit, type Circuit, type Provenance } from '../../src/circuit/circuit.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';

export function sampleProvenance(changes: Partial<Provenance> = {}): Provenance {
  return {
    engineVersion: '0.1.0',
    method: 'acdc',
    model: { name: 'toy-2l', hash: 'aa'.repeat(32), family: 'gpt2' },
    tokenizer: null,
    task: { name: 'toy', hash: 'bb'.repeat(32) },
    prompts: { count: 8, skip: 0 },
    bos: 'auto',
    ablation: 'resample',
    meanOver: null,
    input: 'token',
    metric: 'kl',
    signConvention: 'positive effect = cutting the edge hurts = the edge helps',
    threshold: 0.05,
    absolute: false,
    directEdges: false,
    senderHeads: 'descending',
    order: 'receivers from the logits down, senders from the nearest layer back',
    seed: null,
    adapter: 'a test',
    tile: 'register-8',
    metrics: { initial: 0, final: 0.25, empty: 2 },
    faithfulness: 0.875,
    minMargin: { margin: 1.25e-3, edge: 'm1->logits' },
    ...changes,
  };
}

/** Kept edges of the sample circuit, in the order in which they were decided on, with their effects. */
export const SAMPLE_KEPT = {
  'm1->logits': 0.5,
  'a1.h0->logits': 0.0625,
  'm0->m1': 1e-13,
  'a0.h1->a1.h0<q>': 0.125,
  'a0.h1->a1.h0<k>': 0,
  'a0.h1->a1.h0<v>': -0.75,
  'input->a0.h1<v>': 0.3,
} as const;

export const SAMPLE_TOPOLOGY = new Topology({ layers: 2, heads: 2, parallel: false });

/** A circuit of two layers of two heads: parallel edges, negative, zero and tiny effects, dead and untested edges. */
export function sampleCircuit(changes: Partial<Circuit> = {}): Circuit {
  const topology = SAMPLE_TOPOLOGY;
  const id = (name: string): number => {
    const found = topology.edgeId(name);
    if (found === undefined) throw new Error(`no edge ${name}`);
    return found;
  };
  const effects = new Float64Array(topology.edgeCount).fill(NaN);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  const tested = { ...SAMPLE_KEPT, 'input->logits': -1e-7, 'a0.h0->logits': 0.01 };
  Object.entries(tested).forEach(([name, effect], step) => {
    effects[id(name)] = effect;
    steps[id(name)] = step;
  });
  const direct = EdgeSet.empty(topology);
  return createCircuit({
    topology,
    width: 16,
    kept: EdgeSet.of(topology, [...direct, ...Object.keys(SAMPLE_KEPT).map(id)]),
    effects,
    steps,
    untestedRemovals: [id('input->a0.h0<q>'), id('input->a0.h0<k>')],
    directTested: false,
    provenance: sampleProvenance(),
    ...changes,
  });
}

/** The sample with direct edges decided on: those of a1.h0 kept, all others cut. */
export function sampleDirectCircuit(): Circuit {
  const sample = sampleCircuit();
  const { topology } = sample;
  const name = (id: number): string => topology.edgeName(id);
  const effects = sample.effects.slice();
  const steps = sample.steps.slice();
  const kept = EdgeSet.where(
    topology,
    (id) => sample.kept.has(id) && (id < topology.additionEdges || name(id).endsWith('->a1.h0')),
  );
  const q = topology.directEdge(topology.headPort(1, 'q', 0));
  effects[q] = 0.2;
  steps[q] = 9;
  return createCircuit({ ...sample, kept, effects, steps, directTested: true });
}

/** Kept edges of the sample whose four heads share two key/value heads a layer, with their effects. */
export const SAMPLE_SHARED = {
  'm1->logits': 0.5,
  'a1.h3->logits': 0.25,
  'a0.h0->a1.kv1<k>': 0.125,
  'm0->a1.kv1<v>': -0.75,
  'input->a1.h3<q>': 0.0625,
  'input->m0': 0.3,
} as const;

/** A circuit whose heads share key and value ports. @param direct also those of `a1.kv1` were decided on, and kept. */
export function sampleSharedCircuit(direct = false): Circuit {
  const topology = new Topology({ layers: 2, heads: 4, kvPorts: 2, parallel: false });
  const effects = new Float64Array(topology.edgeCount).fill(NaN);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  const found = { ...SAMPLE_SHARED, ...(direct && { 'a1.kv1<k>->a1.kv1': 0.2, 'a1.kv1<v>->a1.kv1': 0.4 }) };
  const ids = Object.entries(found).map(([name, effect], step) => {
    const id = topology.edgeId(name)!;
    effects[id] = effect;
    steps[id] = step;
    return id;
  });
  return createCircuit({
    topology,
    width: 32,
    kept: EdgeSet.of(topology, direct ? ids : [...EdgeSet.empty(topology), ...ids]),
    effects,
    steps,
    untestedRemovals: [],
    directTested: direct,
    provenance: sampleProvenance({ kvPorts: 'grouped', directEdges: direct }),
  });
}
