/** Prompt pairs of the fixtures and what was measured on them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { Topology } from '../../src/circuit/topology.js';
import type { PromptPair } from '../../src/task/types.js';
import { fixture, fixtureJson } from './fixtures.js';

/** Logit difference and KL per prompt, and minus the mean logit difference. */
export interface Outcome {
  readonly logit_diff: readonly number[];
  readonly kl: readonly number[];
  readonly metric: number;
}

/** expected.json of a directory of families/; see the fixtures' README. */
export interface FamilyFixture {
  readonly edges: readonly string[];
  readonly writers: readonly string[];
  readonly clean_ids: readonly (readonly number[])[];
  readonly corrupted_ids: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly correct: readonly number[];
  readonly wrong: readonly number[];
  readonly clean: Pick<Outcome, 'logit_diff' | 'metric'>;
  readonly corrupted: Pick<Outcome, 'logit_diff' | 'metric'>;
  readonly kl_clean_corrupted: readonly number[];
  readonly writer_norms: Readonly<Record<'clean' | 'corrupted' | 'difference', readonly number[]>>;
  readonly all_kept: Outcome;
  readonly none_kept: Outcome;
  readonly none_kept_zero: Outcome;
  readonly masks: readonly (Outcome & { readonly keep: string })[];
  /** `noise_gain`: factor by which rounding at the ports' inputs is amplified. */
  readonly masks_zero: readonly (Outcome & { readonly noise_gain: number })[];
  readonly cuts: readonly (Outcome & { readonly edge: string; readonly delta: number })[];
  /** Scores in the order of `edges`; of models with norms after the sublayers they leave those norms out. */
  readonly eap: readonly number[];
  readonly eap_ig_right_k5: readonly number[];
  readonly eap_ig_left_k5: readonly number[];
  /** The derivative itself, of models with norms after the sublayers. */
  readonly eap_through_norm?: readonly number[];
  readonly eap_ig_right_k5_through_norm?: readonly number[];
}

/** All directories of families/. */
export const FAMILY_FIXTURES = [
  'gemma',
  'gemma2',
  'gemma3_linear',
  'gemma3_text',
  'gpt2',
  'gpt2_f16',
  'gpt2_hub',
  'gpt2_invlayer',
  'gpt2_pad',
  'gpt_neox',
  'gpt_neox_hub',
  'gpt_neox_seq',
  'llama',
  'llama3',
  'llama_bf16',
  'llama_bias',
  'llama_pad',
  'mistral',
  'phi',
  'phi3',
  'phi3_partial_swa',
  'phi_qkln',
  'qwen2',
  'qwen2_swa',
  'qwen3',
  'qwen3_sharded',
] as const;

export type FamilyFixtureName = (typeof FAMILY_FIXTURES)[number];

/** Whether a directory of families/ is there: a few are committed, the rest is in the full set. */
export function hasFamilyFixture(name: FamilyFixtureName): boolean {
  return existsSync(fixture(`families/${name}/expected.json`));
}

export function familyFixture(name: string): Promise<FamilyFixture> {
  return fixtureJson(`families/${name}/expected.json`);
}

/** The prompts without the padding after their end; measured at their last token. */
export function familyPairs(expected: FamilyFixture): PromptPair[] {
  return expected.clean_ids.map((ids, n) => {
    const length = expected.lengths[n]!;
    return {
      clean: ids.slice(0, length),
      corrupted: expected.corrupted_ids[n]!.slice(0, length),
      position: length - 1,
      correct: [expected.correct[n]!],
      wrong: [expected.wrong[n]!],
    };
  });
}

/** The circuit of a fixture's mask, a 0/1 string in the fixture's order of edges; all direct edges kept. */
export function familyCircuit(topology: Topology, names: readonly string[], keep: string): EdgeSet {
  const kept = names.filter((_, i) => keep[i] === '1').map((name) => topology.edgeId(name)!);
  return EdgeSet.of(topology, [...EdgeSet.empty(topology), ...kept]);
}

interface ShareRow {
  readonly clean_ids: readonly number[];
  readonly corrupted_ids: readonly number[];
  readonly correct_ids: readonly number[];
  readonly wrong_ids: readonly number[];
}

/** The first `count` rows of a task of share4l. */
export async function sharePairs(file: string, count: number): Promise<PromptPair[]> {
  const lines = (await readFile(fixture(`share4l/${file}`), 'utf8')).trim().split('\n');
  return lines.slice(0, count).map((line) => {
    const row = JSON.parse(line) as ShareRow;
    return {
      clean: row.clean_ids,
      corrupted: row.corrupted_ids,
      position: row.clean_ids.length - 1,
      correct: row.correct_ids,
      wrong: row.wrong_ids,
    };
  });
}
