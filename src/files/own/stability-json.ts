import { block, entry } from '../../base/json/entry-lines.js';
import { isCount } from '../../base/json/json-fields.js';
import { isObject } from '../../base/json/strict-json.js';
import { candidateEdges, type Circuit } from '../../circuit/circuit.js';
import type { EdgeInclusions, Inclusion } from '../../circuit/inclusion.js';

/** The member `stability` of circuit.json, an edge a line; none where the search was not made again. */
export function stabilityMembers({ topology, stability }: Circuit): string[] {
  if (!stability) return [];
  const lines = [...stability].map(([id, { count, of, lower, upper }]) =>
    entry(topology.edgeName(id), [count, of, lower, upper]),
  );
  return [block('stability', '{}', lines)];
}

/**
 * How often each edge was found, as the circuit's file says it. Undefined where that is not what the file should hold,
 * or says nothing of an edge that the file keeps: another program changed it.
 */
export function stabilityIn(json: unknown, circuit: Circuit): EdgeInclusions | undefined {
  if (!isObject(json)) return undefined;
  const { topology, kept } = circuit;
  const candidates = candidateEdges(circuit);
  const found = new Map<number, Inclusion>();
  for (const [name, value] of Object.entries(json)) {
    const id = topology.edgeId(name);
    const inclusion = inclusionOf(value);
    if (id === undefined || id >= candidates || !inclusion) return undefined;
    found.set(id, inclusion);
  }
  for (const id of kept) if (id < candidates && !found.has(id)) return undefined;
  return new Map([...found].sort(([a], [b]) => a - b));
}

function inclusionOf(value: unknown): Inclusion | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [count, of, lower, upper] = value as unknown[];
  if (!isCount(count) || !isCount(of) || typeof lower !== 'number' || typeof upper !== 'number') return undefined;
  const share = count / of;
  const fits = of > 0 && count <= of && lower >= 0 && lower <= share && share <= upper && upper <= 1;
  return fits ? { count, of, lower, upper } : undefined;
}
