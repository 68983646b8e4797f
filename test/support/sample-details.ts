import type { CircuitDetails, NodeDetails, PromptDetails } from '../../src/circuit/details.js';
import { SAMPLE_KEPT, sampleProvenance } from './sample-circuit.js';

/** A node of which nothing was measured. */
export function unmeasuredNode(changes: Partial<NodeDetails> = {}): NodeDetails {
  return {
    attention: null,
    corruptedAttention: null,
    at: null,
    writes: [],
    answerRank: null,
    inCircuit: null,
    looks: [],
    verdicts: [],
    direct: null,
    promotes: [],
    suppresses: [],
    detectors: null,
    ov: null,
    ...changes,
  };
}

/** A prompt of one token without answers of which nothing was measured. */
export function unmeasuredPrompt(changes: Partial<PromptDetails> = {}): PromptDetails {
  return {
    clean: ['a'],
    corrupted: ['b'],
    position: 0,
    correct: [],
    wrong: [],
    metrics: { whole: null, circuit: null, empty: null },
    logitDifference: null,
    top: [],
    probability: null,
    ...changes,
  };
}

/** Details of the sample circuit without a prompt. */
export function unmeasuredDetails(changes: Partial<CircuitDetails> = {}): CircuitDetails {
  const { model, task } = sampleProvenance();
  return {
    of: { model: model.hash, task: task.hash, keptEdges: Object.keys(SAMPLE_KEPT).length },
    metric: 'kl',
    prompts: [],
    nodes: {},
    rest: null,
    edges: Object.fromEntries(Object.keys(SAMPLE_KEPT).map((name) => [name, []])),
    inCircuit: {},
    reads: {},
    writtenThrough: {},
    curve: null,
    ...changes,
  };
}

/** Two prompts of three tokens and of one, a head and an MLP; texts as hostile as tokenizers make them. */
export function sampleDetails(changes: Partial<CircuitDetails> = {}): CircuitDetails {
  const prompt = (clean: string[], position: number): PromptDetails =>
    unmeasuredPrompt({
      clean,
      corrupted: clean.map(() => ' "x"\n'),
      position,
      correct: [' yes'],
      wrong: ['<0xE2>', '\u2028'],
      metrics: { whole: 0, circuit: -0.25, empty: null },
      logitDifference: 1 / 3,
      top: [
        { token: ' yes', logit: 3.5, probability: 0.75 },
        { token: '__proto__', logit: -1, probability: 0.0625 },
      ],
      probability: { correct: 0.75, wrong: 0 },
    });
  const edges = Object.entries(SAMPLE_KEPT);
  return unmeasuredDetails({
    prompts: [prompt(['a', ' b', '__proto__'], 1), prompt(['c'], 0)],
    nodes: {
      'a1.h0': unmeasuredNode({
        attention: [Float32Array.of(1, 0, 0, 0.25, 0.75, 0, 0.00004, 0.2, 0.79996), Float32Array.of(1)],
        corruptedAttention: [Float32Array.of(1, 0, 0, 1, 0, 0, 0.5, 0.25, 0.25), Float32Array.of(1)],
        at: [1, 0],
        writes: [{ token: ' yes', logit: 2.5 }],
        answerRank: [1, Number.NaN],
        inCircuit: [0.5, Number.NaN],
        looks: [
          { from: 'measured', at: 'first', share: 0.25, prompts: 1 },
          { from: 'measured', at: 'self', share: 0.875, prompts: 2 },
        ],
        verdicts: [{ kind: 'induction', share: 0.5 }],
        direct: [1.5, -2e-9],
        promotes: [{ token: ' yes', logit: 3.5 }],
        suppresses: [{ token: '', logit: -1 }],
        detectors: {
          previous_token: { mul: 0.93, abs: 0.5, excludeBosAndCurrent: { mul: Number.NaN, abs: 1 } },
          duplicate_token: { mul: 0, abs: -0.25, excludeBosAndCurrent: { mul: 0.125, abs: 0.75 } },
          induction: { mul: 0.25, abs: 0, excludeBosAndCurrent: { mul: 1, abs: 1 } },
        },
        ov: {
          words: 3,
          copying: { diagonalMean: -0.5, mean: 0.25, top1IsSelf: 0, top5HasSelf: 1 },
          tokens: [{ token: '__proto__', promotes: [{ token: '\ud800', logit: 2 }] }],
        },
      }),
      m1: unmeasuredNode({ direct: [0, 0.1], at: [1, 0], inCircuit: [0, -0.25] }),
    },
    rest: { writers: [0.5, 0.25], constants: [-0.125, 1e-3] },
    edges: Object.fromEntries(edges.map(([name, effect]) => [name, [effect, 2 * effect]])),
    inCircuit: Object.fromEntries(edges.map(([name], i) => [name, [i, 0.5 - i / 4]])),
    reads: {
      'a0.h1->a1.h0<q>': [
        [
          { head: 'a1.h0', query: 1, kept: Float32Array.of(0.25, 0.75), cut: Float32Array.of(1, 0) },
          { head: 'a1.h0', query: 0, kept: Float32Array.of(1), cut: Float32Array.of(1) },
        ],
        [{ head: 'a1.h0', query: 0, kept: Float32Array.of(1), cut: Float32Array.of(1) }],
      ],
    },
    writtenThrough: { 'a0.h1->a1.h0<v>': [{ token: ' yes', logit: 0.5 }] },
    curve: [
      { edges: 3, metric: 1.5, faithfulness: 0.25 },
      { edges: 7, metric: null, faithfulness: null },
    ],
    ...changes,
  });
}
