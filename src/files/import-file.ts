import { isObject } from '../base/json/strict-json.js';
import { directScored, type Scores } from '../circuit/scores.js';
import type { Topology } from '../circuit/topology.js';
import { shapeOf } from '../circuit/topology-shape.js';
import { openCircuit, type OpenedCircuit, type OpenCircuitOptions } from './open.js';
import { neuronsLeftOut, type CircuitFile } from './own/circuit-file.js';
import { scoresOf } from './own/scores-json.js';

/** A file that becomes a circuit or scores of this program. The effects of its circuit are the file's scores. */
export interface ImportedFile extends OpenedCircuit {
  /** Null where nothing is scored. */
  readonly scores: Scores | null;
}

/**
 * Opens a file of any format that is read, with its scores. A key that is there twice is an error: the file's author
 * and the reader of the result could otherwise see two circuits.
 *
 * @throws EdgewiseError kind `circuit` that names file and place, for anything that is not as the format has it.
 */
export function openImport(text: string, source: string, options: OpenCircuitOptions): ImportedFile {
  const opened = openCircuit(text, source, { ...options, strict: true });
  const { file, json, format, circuit } = opened;
  const masked = neuronsLeftOut(file);
  const notes = masked === undefined ? [] : [`${masked}: their edges are taken as if all neurons were kept`];
  // Scores of nodes and neurons have a place in this schema alone.
  const interchange = (format === 'json' || format === 'eap-ig') && isObject(json) ? json : {};
  const isScored = circuit.effects.some((effect) => !Number.isNaN(effect)) || hasNodeScores(interchange);
  const { topology, width } = circuit;
  const scores = isScored ? scoresOf(withWidth(file, topology, width), interchange, topology) : null;
  return { ...opened, scores, notes: [...opened.notes, ...notes] };
}

/** Whether the file chooses some of the edges and leaves out others: importances keep all, or none. */
export function choosesEdges({ circuit, scores }: Pick<ImportedFile, 'circuit' | 'scores'>): boolean {
  const { topology, kept } = circuit;
  if (!scores) return true;
  const [size, all] = directScored(scores)
    ? [kept.size, topology.edgeCount]
    : [kept.additionSize, topology.additionEdges];
  return size > 0 && size < all;
}

function withWidth(file: CircuitFile, topology: Topology, width: number | null): CircuitFile {
  return { ...file, cfg: { ...shapeOf(topology), width } };
}

function hasNodeScores({ nodes }: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(nodes)) return false;
  return Object.values(nodes).some(
    (node) => isObject(node) && (typeof node['score'] === 'number' || 'neurons_scores' in node),
  );
}
