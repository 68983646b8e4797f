import { EdgewiseError } from '../../base/errors.js';
import { createCircuit, type Circuit } from '../../circuit/circuit.js';
import { directScored, type Scores } from '../../circuit/scores.js';
import type { Topology } from '../../circuit/topology.js';
import { circuitFileOf, fileTopology, neuronsLeftOut, resolveCircuit, type CircuitFile } from '../own/circuit-file.js';
import { readEdgePruning } from './edge-pruning.js';
import { asObject, readStrictJson } from '../../base/json/json-fields.js';
import { readNodeLink } from '../graph/node-link.js';
import { scoresOf } from '../own/scores-json.js';

/** What other programs write and this one reads: the JSON of EAP-IG and MIB (and our own), Edge Pruning's, networkx's. */
export type ForeignFormat = (typeof FOREIGN_FORMATS)[number];
export const FOREIGN_FORMATS = ['eap-ig', 'edge-pruning', 'node-link'] as const;

/** What the caller knows of the model, for files that do not say it. */
export interface ModelShape {
  readonly topology: Topology;
  readonly width: number | null;
}

export interface ForeignCircuit {
  readonly format: ForeignFormat;
  /** What is in the circuit by the file, with the file's scores as effects. */
  readonly circuit: Circuit;
  /** Null where nothing is scored. */
  readonly scores: Scores | null;
  /** What a person should know of the reading. */
  readonly notes: readonly string[];
}

/**
 * Reads a file of another program, or of this one.
 *
 * @param format `auto` tells it by the content.
 * @param model what the file must fit; needed where the file does not say its model's shape, as Edge Pruning's never do.
 * @throws EdgewiseError kind `circuit` that names file and field, for anything that is not as the format has it: also a
 *   key that is there twice.
 */
export function readForeign(
  text: string,
  source: string,
  format: ForeignFormat | 'auto',
  model: ModelShape | null,
): ForeignCircuit {
  const json = readStrictJson(text.replace(/^\ufeff/, ''), source);
  const as = format === 'auto' ? formatOf(json, source) : format;
  let notes: readonly string[] = [];
  let file: CircuitFile;
  if (as === 'edge-pruning') {
    if (!model) throw withoutShape(source, 'edges.json of Edge Pruning');
    ({ file, notes } = readEdgePruning(json, source, model.topology));
  } else {
    file = as === 'node-link' ? readNodeLink(json, source) : circuitFileOf(json, source);
    if (!model && !file.cfg) throw withoutShape(source, 'the file');
  }
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) notes = [...notes, `${masked}: their edges are taken as if all neurons were kept`];
  const width = widthOf(file, model);
  const topology = model?.topology ?? fileTopology(file);
  const circuit = createCircuit({ ...resolveCircuit(file, topology), width });
  const interchange = as === 'eap-ig' ? asObject(json, source, 'the file') : {};
  const scored = circuit.effects.some((effect) => !Number.isNaN(effect)) || hasNodeScores(interchange);
  const scores = scored ? scoresOf(withWidth(file, topology, width), interchange, topology) : null;
  return { format: as, circuit, scores, notes };
}

/** Whether the file chooses some of the edges and leaves out others: importances keep all, or none. */
export function choosesEdges({ circuit, scores }: ForeignCircuit): boolean {
  const { topology, kept } = circuit;
  if (!scores) return true;
  const [size, all] = directScored(scores)
    ? [kept.size, topology.edgeCount]
    : [kept.additionSize, topology.additionEdges];
  return size > 0 && size < all;
}

function formatOf(json: unknown, source: string): ForeignFormat {
  if (Array.isArray(json)) return 'edge-pruning';
  const { edges, links, nodes, metadata } = asObject(json, source, 'the file');
  if (Array.isArray(edges) || (Array.isArray(links) && Array.isArray(nodes) && metadata === undefined))
    return 'node-link';
  if (typeof edges === 'object' && edges !== null) return 'eap-ig';
  const what = Array.isArray(links) ? 'is an attribution graph of features, not of heads and edges' : 'is no circuit';
  throw new EdgewiseError('circuit', source, `${what}; readable are ${FOREIGN_FORMATS.join(', ')}`);
}

function withoutShape(source: string, what: string): EdgewiseError {
  const how = 'say it with --model, or with --layers and --heads';
  return new EdgewiseError('circuit', source, `${what} does not say what model the circuit is of; ${how}`);
}

function widthOf({ source, cfg }: CircuitFile, model: ModelShape | null): number | null {
  const [own, given] = [cfg?.width ?? null, model?.width ?? null];
  if (own !== null && given !== null && own !== given) {
    throw new EdgewiseError('circuit', source, `width ${own}, expected ${given} (circuit of another model?)`);
  }
  return own ?? given;
}

function withWidth(file: CircuitFile, topology: Topology, width: number | null): CircuitFile {
  const { layers, heads, parallel } = topology;
  return { ...file, cfg: { layers, heads, parallel, width } };
}

function hasNodeScores({ nodes }: Readonly<Record<string, unknown>>): boolean {
  if (typeof nodes !== 'object' || nodes === null) return false;
  return Object.values(nodes).some(
    (node: unknown) =>
      typeof node === 'object' &&
      node !== null &&
      (('score' in node && typeof node.score === 'number') || 'neurons_scores' in node),
  );
}
