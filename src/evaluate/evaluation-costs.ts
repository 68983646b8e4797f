import type { EvaluationCosts } from '../circuit/evaluator.js';
import { REACH, type Reach } from '../circuit/reachability.js';
import type { Topology } from '../circuit/topology.js';
import type { ModelSpec } from '../model/spec.js';
import type { PromptPair } from '../task/types.js';
import { firstDifference } from './prompt-batch.js';

/**
 * What a step takes to begin, in f32 operations that the device makes in the same time. Roughly, of an adapter in
 * software (milliseconds) and of one in hardware.
 */
const STEP = { software: 5e6, hardware: 2e8 } as const;

/** F32 operations of parts of a pass over these prompts. @param resample see uploadPrompts. */
export function evaluationCosts(
  topology: Topology,
  { width, headWidth, mlpWidth, vocab }: ModelSpec,
  pairs: readonly PromptPair[],
  { resample, circuits }: { readonly resample: boolean; readonly circuits: number },
): EvaluationCosts {
  const differing = pairs.reduce(
    (sum, pair) => sum + Math.max(0, pair.position + 1 - (resample ? firstDifference(pair) : 0)),
    0,
  );
  const longest = Math.max(...pairs.map((pair) => pair.clean.length));
  const rows: Readonly<Record<Reach, number>> = {
    [REACH.none]: 0,
    [REACH.metric]: pairs.length,
    [REACH.differing]: differing,
    [REACH.every]: pairs.length * longest,
  };
  // A head's three ports share its attention and its way out. A port of several heads counts for all of them.
  const head = 2 * headWidth * (width + (width + 2 * longest) / 3);
  const perRow = {
    head,
    kv: (topology.heads / topology.kvPorts) * head,
    mlp: 4 * width * mlpWidth,
    logits: 2 * width * vocab,
  };
  return {
    port: (port, reach) => rows[reach] * perRow[topology.ports[port]!.kind],
    // The tests of a submission begin together. Several of them share one on adapters in hardware.
    step: circuits > 1 ? STEP.hardware / circuits : STEP.software,
  };
}
