/** One tested edge: metric (loss form) of the circuit before the test and of the circuit without the edge. */
export interface TraceStep {
  /** Place in the order of tests, from 0. */
  readonly step: number;
  /** The edge's name. */
  readonly edge: string;
  readonly before: number;
  readonly after: number;
  readonly kept: boolean;
}

/** `trace.jsonl`: one tested edge a line, in order. Numbers in their shortest exact form, null where not finite. */
export function writeTrace(steps: Iterable<TraceStep>): string {
  const lines: string[] = [];
  for (const { step, edge, before, after, kept } of steps)
    lines.push(`${JSON.stringify({ step, edge, before, after, kept })}\n`);
  return lines.join('');
}
