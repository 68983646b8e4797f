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
