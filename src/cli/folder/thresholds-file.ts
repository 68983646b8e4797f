import type { Discovery } from '../../run/discovery.js';
import type { MethodPlan } from '../../run/methods/definition.js';

/** Every threshold searched at, with what was found; beside the results of a run of several searches. */
export const THRESHOLDS_FILE = 'thresholds.json';
const VERSION = 1;

/** `thresholds.json`: holds no durations and no paths, so that equal runs write equal bytes. */
export function thresholdsJson(
  { identity: run, asked: { thresholds, edges, start, faithfulness } }: Pick<MethodPlan, 'identity' | 'asked'>,
  all: readonly Discovery[],
  written: readonly Discovery[],
): string {
  const rows = all.map((discovery) => {
    const { threshold, minMargin } = discovery.circuit.provenance!;
    return {
      threshold,
      edges: discovery.kept,
      metric: discovery.final,
      faithfulness: discovery.faithfulness,
      min_margin: minMargin,
      tested: discovery.tested,
      written: written.some(({ circuit }) => circuit.provenance!.threshold === threshold),
    };
  });
  const asked = { thresholds, edges, start, ...(faithfulness !== undefined && { faithfulness }) };
  return `${JSON.stringify({ edgewise_thresholds: VERSION, run, asked, searches: rows }, null, 1)}\n`;
}

/** The run that such a file is of and what it was asked for, in one object; undefined for any other text. */
export function askedThresholds(text: string): object | undefined {
  try {
    const file = JSON.parse(text) as { edgewise_thresholds?: unknown; run?: object; asked?: object } | null;
    return file?.edgewise_thresholds === VERSION ? { ...file.run, ...file.asked } : undefined;
  } catch {
    return undefined;
  }
}
