import type { Circuit } from '../../circuit/circuit.js';
import { estimateDetailsBytes, extentOfCircuit, LARGE_DETAILS } from '../../files/index.js';
import type { Task } from '../../task/types.js';

/** In MB. A larger details.json is written on demand only. */
export const DETAILS_LIMIT = LARGE_DETAILS / 1e6;

/** A remark that details.json is left out unless it is asked for; undefined where it is small enough. */
export function detailsTooLarge({ pairs }: Pick<Task, 'pairs'>, circuit: Circuit): string | undefined {
  const lengths = pairs.map((pair) => pair.clean.length);
  const bytes = estimateDetailsBytes(extentOfCircuit(circuit, lengths));
  if (bytes <= LARGE_DETAILS) return undefined;
  return `details.json would take about ${Math.round(bytes / 1e6)} MB and is left out; --details writes it`;
}
