import { EdgewiseError } from '../../base/errors.js';
import { fail, isCount } from '../../base/json/json-fields.js';
import { isObject } from '../../base/json/strict-json.js';
import { quote } from '../../base/text.js';

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

/**
 * The decisions in trace.jsonl, in their order. Metrics that are null are NaN.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the line and the field at fault.
 */
export function readTrace(text: string, source: string): TraceStep[] {
  const trace: TraceStep[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() !== '') trace.push(readStep(line, `${source}, line ${index + 1}`));
  });
  const edges = new Set<string>();
  for (const [index, { step, edge }] of trace.entries()) {
    if (edges.has(edge)) throw new EdgewiseError('circuit', source, `edge ${quote(edge)} is decided on twice`);
    edges.add(edge);
    if (index > 0 && step <= trace[index - 1]!.step) {
      throw new EdgewiseError('circuit', source, `step ${step} follows step ${trace[index - 1]!.step}`);
    }
  }
  return trace;
}

function readStep(line: string, where: string): TraceStep {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new EdgewiseError('circuit', where, 'not valid JSON');
  }
  if (!isObject(json)) throw new EdgewiseError('circuit', where, `got ${quote(json)}, expected an object`);
  const { step, edge, before, after, kept } = json;
  const metric = (field: string, value: unknown): number => {
    if (value === null) return NaN;
    if (typeof value !== 'number') fail(where, field, value, 'a number or null');
    return Number.isFinite(value) ? value + 0 : fail(where, field, value, 'a finite number or null');
  };
  return {
    step: isCount(step) ? step : fail(where, 'step', step, 'an integer from 0'),
    edge: typeof edge === 'string' ? edge : fail(where, 'edge', edge, 'the name of an edge'),
    before: metric('before', before),
    after: metric('after', after),
    kept: typeof kept === 'boolean' ? kept : fail(where, 'kept', kept, 'true or false'),
  };
}
