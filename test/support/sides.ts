/** One pass that goes from the clean side of its prompts to the corrupted one and back, as no evaluator does. */
import { EdgeSet } from '../../src/circuit/edge-set.js';
import type { InputKind } from '../../src/circuit/run-identity.js';
import type { PromptValues } from '../../src/evaluate/evaluator.js';
import { uploadPrompts, type PromptBatch } from '../../src/evaluate/prompt-batch.js';
import { Arena, sliceOf } from '../../src/gpu/arena.js';
import type { Recording } from '../../src/gpu/recording.js';
import { createScratch } from '../../src/pass/pass-frame.js';
import type { BoundPass } from '../../src/pass/pass-inputs.js';
import { PatchedPass } from '../../src/pass/patched-pass.js';
import { LogitsReadout } from '../../src/readout/logits-readout.js';
import { METRICS, type MetricName } from '../../src/readout/metrics.js';
import type { ReadoutPart } from '../../src/readout/parts.js';
import type { PromptPair } from '../../src/task/types.js';
import type { DeviceModel } from './evaluators.js';

/** Metrics of one circuit over one side of the prompts, in loss form; cut edges carry the corrupted outputs. */
export type EvaluateSide = (
  side: 'clean' | 'corrupted',
  circuit: EdgeSet,
  metrics: readonly MetricName[],
) => Promise<PromptValues>;

/** Evaluates with a pass that lives no longer, under resample ablation. Direct edges may be cut. */
export async function withSides<T>(
  model: DeviceModel,
  pairs: readonly PromptPair[],
  input: InputKind,
  use: (evaluate: EvaluateSide) => Promise<T>,
): Promise<T> {
  const { weights, topology } = model;
  const { gpu } = weights;
  const sequence = Math.max(...pairs.map(({ clean }) => clean.length));
  const shape = { prompts: pairs.length, sequence, circuits: 1, cutSums: 0 };
  const arena = new Arena(gpu);
  const scratch = createScratch(arena, weights, topology, shape, input);
  const pass = await PatchedPass.create(scratch);
  try {
    const run = (record: (recording: Recording) => void): void => {
      const recording = gpu.record();
      record(recording);
      recording.submit();
    };
    const [batch] = uploadPrompts(arena, weights, topology, shape, pairs, { directEdges: true, resample: true });
    const bound = { clean: await pass.bind(arena, batch!.clean), corrupted: await pass.bind(arena, batch!.corrupted) };
    const readout = new LogitsReadout(scratch, arena);
    const reading = await readout.bind(arena, batch!.reference, pairs);
    fillAblated(pass, bound, batch!, run);
    run((recording) => {
      pass.encode(recording, bound.clean, [EdgeSet.full(topology)]);
      readout.encodeLogits(recording, reading, 1);
      readout.encodeLogProbs(recording, reading, 1);
      const size = batch!.reference.shape.reduce((product, n) => product * n, 1);
      recording.copy(sliceOf(scratch.tensors.logits, 0, size), batch!.reference);
    });
    return await use(async (side, circuit, metrics) => {
      const recording = gpu.record();
      pass.encode(recording, bound[side], [circuit]);
      const parts = new Set<ReadoutPart>(metrics.map((name) => METRICS[name].part));
      const result = readout.encode(recording, reading, 1, parts);
      recording.submit();
      const [values] = await result();
      const valuesOf = (name: MetricName): number[] =>
        pairs.map(({ correct }, n) => METRICS[name].value(values![n]!, correct));
      return Object.fromEntries(metrics.map((name) => [name, valuesOf(name)]));
    });
  } finally {
    pass.dispose();
    arena.dispose();
  }
}

/** Metrics of the whole model on the corrupted prompts; the KL divergence is from the clean run. */
export function corruptedValues(
  model: DeviceModel,
  pairs: readonly PromptPair[],
  metrics: readonly MetricName[],
  input: InputKind = 'token',
): Promise<PromptValues> {
  return withSides(model, pairs, input, (evaluate) => evaluate('corrupted', EdgeSet.full(model.topology), metrics));
}

function fillAblated(
  pass: PatchedPass,
  { clean, corrupted }: Readonly<Record<'clean' | 'corrupted', BoundPass>>,
  { ablated, ablatedProjections }: PromptBatch,
  run: (record: (recording: Recording) => void) => void,
): void {
  run((recording) => {
    pass.encodeWhole(recording, corrupted, EdgeSet.full(pass.topology));
    recording.copy(pass.writers, ablated);
  });
  run((recording) => {
    const values = (layer: number): void => {
      const from = pass.projections(layer);
      recording.copy(from, sliceOf(ablatedProjections!, layer * (from.size / 4), from.size / 4));
    };
    pass.encodeWhole(recording, clean, EdgeSet.empty(pass.topology), { taps: { values } });
  });
}
