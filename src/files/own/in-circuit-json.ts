import { EdgewiseError } from '../../base/errors.js';
import { finiteOrNull } from '../../base/finite-or-null.js';
import { block, entry } from '../../base/json/entry-lines.js';
import { isObject } from '../../base/json/strict-json.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { CurvePoint, InCircuit } from '../../circuit/in-circuit.js';
import { decodeMeasuredWith, encodeMeasuredWith } from './provenance-json.js';

/** What a file says of the worth of its edges, not yet compared with its circuit. */
export interface FileInCircuit {
  /** By the edge's name; undefined where there is no such table. */
  readonly effects: ReadonlyMap<string, unknown> | undefined;
  /** Names of edges that carry nothing. Undefined: those with effect 0. */
  readonly idle?: unknown;
  readonly curve: unknown;
  readonly measuredWith?: unknown;
}

/**
 * The members `in_circuit`, `idle` and `curve` of circuit.json; none where nothing was measured. `measured_with` says
 * what with, where that is not what the provenance says.
 */
export function inCircuitMembers({ topology, kept, inCircuit }: Circuit): string[] {
  if (!inCircuit) return [];
  const { effects, idle, curve, measuredWith } = inCircuit;
  const measured = [...kept].filter((id) => id < topology.additionEdges);
  return [
    block(
      'in_circuit',
      '{}',
      measured.map((id) => entry(topology.edgeName(id), finiteOrNull(effects[id]))),
    ),
    block(
      'idle',
      '[]',
      idle.map((id) => JSON.stringify(topology.edgeName(id))),
    ),
    block(
      'curve',
      '[]',
      curve.map(({ edges, faithfulness, necessity }) => JSON.stringify({ edges, faithfulness, necessity })),
    ),
    ...(measuredWith ? [entry('measured_with', encodeMeasuredWith(measuredWith))] : []),
  ];
}

/** What a file has under `edgewise` of the worth of its edges. */
export function fileInCircuit(own: Readonly<Record<string, unknown>>): FileInCircuit | undefined {
  if (own['in_circuit'] === undefined && own['curve'] === undefined && own['idle'] === undefined) return undefined;
  const { in_circuit: effects, idle = [], curve, measured_with: measuredWith } = own;
  return { effects: isObject(effects) ? new Map(Object.entries(effects)) : undefined, idle, curve, measuredWith };
}

/** What a table of edges says in its column `effect_in_circuit`. The curve has no place in such a table. */
export function columnInCircuit(effects: ReadonlyMap<string, unknown>): FileInCircuit | undefined {
  return effects.size === 0 ? undefined : { effects, curve: [] };
}

/**
 * What the edges of a circuit are worth in it, as its file says it. Undefined where that does not fit the edges that
 * the file keeps: another program changed them.
 */
export function inCircuitOf(
  { effects, idle, curve, measuredWith }: FileInCircuit,
  circuit: Circuit,
): InCircuit | undefined {
  const { topology, kept } = circuit;
  const isKept = (id: number | undefined): id is number =>
    id !== undefined && id < topology.additionEdges && kept.has(id);
  if (!effects || !Array.isArray(curve) || !isCurve(curve)) return undefined;
  const values = new Float64Array(topology.edgeCount).fill(Number.NaN);
  for (const [name, value] of effects) {
    const id = topology.edgeId(name);
    if (!isKept(id) || !(value === null || Number.isFinite(value))) return undefined;
    values[id] = value === null ? Infinity : Number(value);
  }
  if (effects.size !== kept.additionSize) return undefined;
  const names = idle ?? [...effects].filter(([, value]) => value === 0).map(([name]) => name);
  if (!Array.isArray(names)) return undefined;
  const ids = names.map((name) => (typeof name === 'string' ? topology.edgeId(name) : undefined));
  const measured = measuredWithOf(measuredWith);
  if (!ids.every(isKept) || !measured) return undefined;
  return { effects: values, idle: ids.sort((a, b) => a - b), curve, ...measured };
}

/** Undefined where it is not as it is written here: then nobody knows what was measured. */
function measuredWithOf(json: unknown): Pick<InCircuit, 'measuredWith'> | undefined {
  if (json === undefined) return {};
  if (!isObject(json)) return undefined;
  try {
    return { measuredWith: decodeMeasuredWith(json, 'measured_with') };
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    return undefined;
  }
}

function isCurve(points: readonly unknown[]): points is readonly CurvePoint[] {
  const share = (value: unknown): boolean => value === null || Number.isFinite(value);
  let last = 0;
  return points.every((point) => {
    if (!isObject(point)) return false;
    const { edges, faithfulness, necessity } = point;
    const rises = Number.isSafeInteger(edges) && Number(edges) > last;
    last = Number(edges);
    return rises && share(faithfulness) && share(necessity);
  });
}
