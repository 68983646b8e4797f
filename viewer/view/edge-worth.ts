import type { CircuitDetails } from '../../src/circuit/details.js';
import type { TraceStep } from '../../src/files/own/trace.js';
import type { CircuitData, EdgeRecord } from '../data/circuit-data.js';
import { connectedCircuits } from './connected.js';
import { formatCount } from './format.js';

/** Effects of an edge, one per prompt. */
export interface PromptNumbers {
  readonly measure: 'circuit' | 'decided';
  readonly effects: readonly number[];
}

/** What is known of an edge prompt by prompt, the best first: in the circuit, and when it was decided on. */
export function promptNumbers(details: CircuitDetails, edge: string): PromptNumbers[] {
  const of = (effects: CircuitDetails['edges'], measure: PromptNumbers['measure']): PromptNumbers[] => {
    const found = Object.hasOwn(effects, edge) ? effects[edge]! : [];
    return found.length > 0 ? [{ measure, effects: found }] : [];
  };
  return [...of(details.inCircuit, 'circuit'), ...of(details.edges, 'decided')];
}

/**
 * What was left when an edge was decided on: `12 of 499 tested edges had been cut by then`. When edges were cut that
 * were not tested, the trace does not say. Null where the order of the decisions is not known.
 */
export function cutBefore(trace: readonly TraceStep[] | null, edge: string): string | null {
  const place = trace?.findIndex((step) => step.edge === edge) ?? -1;
  if (!trace || place < 0) return null;
  const cut = trace.slice(0, place).reduce((count, { kept }) => count + Number(!kept), 0);
  const words = cut === 0 ? 'none' : formatCount(cut);
  return `${words} of ${formatCount(trace.length)} tested edges had been cut by then`;
}

/**
 * Whether an edge of the circuit lies on a path from `input` to `logits`. Nothing of the prompt goes over one that does
 * not.
 */
export function liesOnPath(data: CircuitData, edge: EdgeRecord): boolean {
  const kept = data.edges.filter(({ inCircuit, pending }) => inCircuit && !pending);
  const place = kept.findIndex(({ id }) => id === edge.id);
  return place >= 0 && !Number.isNaN(connectedCircuits(data, kept).paths[place]!);
}
