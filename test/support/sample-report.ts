import type { CircuitReport } from '../../src/files/index.js';

/** A small report with every part. */
export function sampleReport(): Omit<CircuitReport, 'schema_version'> {
  const hash = 'aa'.repeat(32);
  return {
    of: {
      engine_version: '0.1.0',
      adapter: 'a test',
      model: { name: 'toy-2l', hash },
      task: { name: 'toy', hash },
      prompts: { count: 2, skip: 0 },
      metric: 'logit-diff',
      ablation: 'resample',
      input: 'token',
      mean_over: null,
      circuit: { name: 'circuit.json', sha256: hash, method: 'acdc', edges: 3, total_edges: 40 },
      scores: { name: 'scores.json', sha256: hash },
    },
    per_prompt: { whole: [-2, -3], circuit: [-2, null], complement: [0, 0.5], empty: [0.1, 0.2] },
    measures: [
      {
        name: 'necessity',
        about: 'how much of the behaviour is lost without the circuit',
        source: null,
        verdict: 'good',
        sentence: 'needed: cutting it costs 98 % of the behaviour',
        value: 0.98,
        result: { necessity: 0.98, complement_faithfulness: 0.02 },
      },
    ],
    draws: {
      seed: 0,
      permutations: [[1, 0]],
      inflations: [{ added: ['input->m0', 'm0->logits'], removed: 'm0->logits' }],
      random_circuits: [['input->logits']],
      epsilon: 0.1,
      quantile: 0.9,
      floor: 1e-9,
    },
    curve: [{ edges: 3, faithfulness: 0.9, necessity: null }],
    stability: [{ edge: 'input->m0', count: 5, of: 20, lower: 0.087, upper: 0.491 }],
    curves: [
      {
        selection: 'signed',
        points: [
          {
            fraction: 1,
            n: 40,
            n_pruned: 40,
            nodes: 7,
            faithfulness: 1,
            complement_faithfulness: 0,
            ndf_mean: 1,
            ndf: [1, null],
          },
        ],
        CPR: 0.9,
        CMD: 0.1,
        CMD_one_sided: 0.1,
        average: 0.8,
        complement_area: 0.1,
        CPR_log: 4,
        CMD_log: null,
        roc: { pessimistic_auc: 0.8, trapezoid_auc: 0.9, average_precision: 0.7 },
      },
    ],
  };
}
