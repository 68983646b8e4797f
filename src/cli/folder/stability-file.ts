import type { Circuit } from '../../circuit/circuit.js';
import { keptEdges } from '../../circuit/circuit.js';
import { isObject } from '../../base/json/strict-json.js';
import type { Inclusion } from '../../circuit/inclusion.js';
import type { StabilityPlan } from '../../run/stability.js';
import { stabilityCard } from '../../stability/card.js';
import type { NullControl, Stability } from '../../stability/report.js';

/** How far the circuit beside it can be trusted. */
export const STABILITY_FILE = 'stability.json';
const VERSION = 1;

/** What is known of a circuit's stability, as other programs read it. */
export function stabilityObject(stability: Stability) {
  const { over, draws, full, candidates, agreement, withFull, inclusions, nodes, kinds, control, noControl } =
    stability;
  const { topology } = full;
  const names = (ids: Iterable<number>): string[] => [...ids].map((id) => topology.edgeName(id));
  const rows = [...inclusions].filter(([, { count }]) => count > 0);
  return {
    card: stabilityCard(stability),
    over,
    draws,
    candidates,
    kept: keptEdges(full),
    jaccard: agreement.jaccard,
    dice: agreement.dice,
    spearman: agreement.spearman,
    jaccard_with_circuit: withFull,
    inclusion: rows.map(([id, one]) => ({ edge: topology.edgeName(id), ...shown(one) })),
    nodes: [...nodes].map(([node, one]) => ({ node, ...shown(one) })),
    core: names(kinds.core),
    contingent: names(kinds.contingent),
    noise: names(kinds.noise),
    null_control: control && controlObject(control),
    ...(noControl !== null && { no_null_control: noControl }),
    circuit: namesOf(full),
  };
}

function shown({ count, of, lower, upper }: Inclusion) {
  return { count, of, lower, upper };
}

function controlObject({
  shuffled,
  unchanged,
  edges,
  shared,
  jaccard,
  dice,
  spearman,
  byChance,
  ...rest
}: NullControl) {
  const { coreShared, circuit } = rest;
  return {
    shuffled,
    unchanged,
    edges,
    shared,
    jaccard,
    dice,
    spearman,
    by_chance: byChance,
    core_shared: coreShared,
    circuit: namesOf(circuit),
  };
}

/** Names of the candidate edges that a circuit keeps. */
function namesOf({ topology, kept, directTested }: Circuit): string[] {
  const most = directTested ? topology.edgeCount : topology.additionEdges;
  return [...kept].filter((id) => id < most).map((id) => topology.edgeName(id));
}

/** `stability.json`: holds no durations and no paths, so that equal runs write equal bytes. */
export function stabilityJson(
  { identity, asked, record }: Pick<StabilityPlan, 'identity' | 'asked' | 'record'>,
  stability: Stability,
): string {
  const run = { ...identity, ...asked, stability: record };
  return `${JSON.stringify({ edgewise_stability: VERSION, run, ...stabilityObject(stability) }, null, 1)}\n`;
}

/** The run that such a file is of; undefined for any other text. */
export function askedStability(text: string): object | undefined {
  try {
    const file: unknown = JSON.parse(text);
    if (!isObject(file) || file['edgewise_stability'] !== VERSION) return undefined;
    return isObject(file['run']) ? file['run'] : undefined;
  } catch {
    return undefined;
  }
}
