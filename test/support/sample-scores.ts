import fc from 'fast-check';
import { createScores, type Scores, type ScoresProvenance } from '../../src/circuit/scores.js';
import { Topology } from '../../src/circuit/topology.js';
import { SAMPLE_TOPOLOGY } from './sample-circuit.js';

export function sampleScoresProvenance(changes: Partial<ScoresProvenance> = {}): ScoresProvenance {
  return {
    engineVersion: '0.1.0',
    method: 'eap-ig',
    model: { name: 'toy-2l', hash: 'aa'.repeat(32), family: 'gpt2' },
    tokenizer: null,
    task: { name: 'toy', hash: 'bb'.repeat(32) },
    prompts: { count: 2, skip: 0 },
    bos: 'auto',
    ablation: 'resample',
    meanOver: null,
    input: 'token',
    metric: 'logit-diff',
    signConvention: 'positive score = cutting the edge hurts = the edge helps',
    steps: 5,
    stepRule: 'right',
    backwardRule: 'gradient',
    granularity: 'edge',
    normalisation: 'sum over prompts divided by their number',
    directEdges: false,
    seed: null,
    adapter: 'a test',
    tile: null,
    ...changes,
  };
}

/** Scores by edge name; edges that are not named are not scored. */
export function scoresOf(
  topology: Topology,
  named: Readonly<Record<string, number>>,
  changes: Partial<Scores> = {},
): Scores {
  const values = new Float64Array(topology.edgeCount).fill(NaN);
  for (const [name, value] of Object.entries(named)) {
    const id = topology.edgeId(name);
    if (id === undefined) throw new Error(`no edge ${name}`);
    values[id] = value;
  }
  return scoresFrom(topology, values, changes);
}

export function scoresFrom(topology: Topology, values: Float64Array, changes: Partial<Scores> = {}): Scores {
  return createScores({
    topology,
    width: null,
    values,
    positive: 'helps',
    nodes: null,
    neurons: null,
    perPrompt: null,
    provenance: null,
    ...changes,
  });
}

/** Scores of two prompts for the sample topology, edges unscored here and there; nodes and neurons scored. */
export function sampleScores(changes: Partial<Scores> = {}): Scores {
  const topology = SAMPLE_TOPOLOGY;
  const prompt = (shift: number): Float64Array =>
    Float64Array.from({ length: topology.edgeCount }, (_, id) =>
      id >= topology.additionEdges || id % 7 === 3 ? NaN : Math.round(1000 * Math.sin(id * 1.7 + shift)) / 256,
    );
  const perPrompt = [prompt(0), prompt(1)];
  const width = 4;
  return createScores({
    topology,
    width,
    values: perPrompt[0]!.map((value, id) => (value + perPrompt[1]![id]!) / 2),
    positive: 'helps',
    nodes: Float64Array.from(topology.writers, (_, writer) => (writer === 0 ? NaN : writer / 8)),
    neurons: Float64Array.from({ length: topology.writers.length * width }, (_, i) => (i < width ? NaN : i / 16)),
    perPrompt,
    provenance: sampleScoresProvenance(),
    ...changes,
  });
}

/** Scores with many ties, gaps and both signs. */
export const anyScores = (direct: boolean): fc.Arbitrary<Scores> =>
  fc
    .record({ layers: fc.integer({ min: 1, max: 3 }), heads: fc.integer({ min: 1, max: 3 }), parallel: fc.boolean() })
    .map((shape) => new Topology(shape))
    .chain((topology) =>
      fc
        .array(fc.constantFrom(NaN, -3, -2, -1, -0, 0, 1, 2, 3, 0.25, -0.25), {
          minLength: topology.edgeCount,
          maxLength: topology.edgeCount,
        })
        .filter((values) => values.slice(0, topology.additionEdges).some((value) => !Number.isNaN(value)))
        .map((values) => {
          const hidden = values.map((value, id) => (direct || id < topology.additionEdges ? value : NaN));
          return scoresFrom(topology, Float64Array.from(hidden));
        }),
    );
