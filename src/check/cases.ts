import type { WeightStorage } from '../base/stored-values.js';
import { FAMILY_SPECS } from './family-specs.js';
import { gpt2Spec } from '../model/random-model.js';
import type { ModelSpec } from '../model/spec.js';
import type { MetricName } from '../readout/metrics.js';
import type { Ablation, InputKind } from '../circuit/run-identity.js';

/**
 * A small random model, prompts and circuits whose metrics were computed in float64 and are stored in
 * references.gen.ts.
 */
export interface CheckCase {
  readonly name: string;
  /** Part of the short self-test that precedes every run. */
  readonly short: boolean;
  readonly spec: ModelSpec;
  /** How matrices lie on the device; their weights are rounded to it. Default f32. */
  readonly storage?: WeightStorage;
  readonly modelSeed: number;
  readonly prompts: number;
  /** Tokens of the longest prompt. The n-th prompt has n mod 3 tokens fewer. */
  readonly sequence: number;
  readonly ablation: Ablation;
  readonly input: InputKind;
  /** Random circuits, beside the full and the empty one. */
  readonly circuits: number;
  /** Whether EAP's scores of all edges are checked too, where gradients are. Default false. */
  readonly gradients?: boolean;
}

export const CHECKED_METRICS: readonly MetricName[] = ['kl', 'logit-diff', 'prob-diff', 'nll'];
/** Of the scores, in which every answer counts. */
export const CHECKED_GRADIENT = 'logit-diff';

/** Sizes are odd on purpose: no width is a multiple of four or of a tile. */
export const CHECK_CASES: readonly CheckCase[] = [
  {
    name: 'resample ablation, 2 layers, width 21',
    short: true,
    spec: gpt2Spec({ layers: 2, heads: 3, headWidth: 7, mlpWidth: 45, vocab: 83, maxPositions: 12 }),
    modelSeed: 1,
    prompts: 3,
    sequence: 7,
    ablation: 'resample',
    input: 'token',
    circuits: 4,
    gradients: true,
  },
  {
    name: 'zero ablation, exact gelu, untied, width 10',
    short: false,
    spec: gpt2Spec({
      layers: 3,
      heads: 2,
      headWidth: 5,
      mlpWidth: 37,
      vocab: 301,
      maxPositions: 40,
      activation: 'gelu',
      tied: false,
    }),
    modelSeed: 2,
    prompts: 5,
    sequence: 33,
    ablation: 'zero',
    input: 'token+position',
    circuits: 4,
  },
  {
    name: 'mean ablation, relu, width 66',
    short: false,
    spec: gpt2Spec({
      layers: 2,
      heads: 11,
      headWidth: 6,
      mlpWidth: 130,
      vocab: 1031,
      maxPositions: 20,
      activation: 'relu',
    }),
    modelSeed: 3,
    prompts: 4,
    sequence: 18,
    ablation: 'mean',
    input: 'token',
    circuits: 4,
  },
  { ...familyCase('RMS norm, shared keys, rotary positions, window, gated MLP', 'llama', 'resample'), gradients: true },
  familyCase('parallel blocks, layer norms of queries and keys, biases of logits', 'phi', 'zero'),
  { ...familyCase('norms after the sublayers, softcaps', 'gemma', 'resample'), gradients: true },
  familyCase('norms after the sublayers alone, and of all queries together', 'olmo2', 'mean'),
  { ...familyCase('weights stored as bf16', 'llama', 'resample'), storage: 'bf16' },
  { ...familyCase('weights stored as f16', 'llama', 'resample'), storage: 'f16' },
];

function familyCase(name: string, family: keyof typeof FAMILY_SPECS, ablation: Ablation): CheckCase {
  const spec = FAMILY_SPECS[family];
  return { name, short: false, spec, modelSeed: 4, prompts: 3, sequence: 9, ablation, input: 'token', circuits: 4 };
}
