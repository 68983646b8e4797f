import type { CircuitGraph, EdgeAttributes, GraphAttributes, NodeAttributes } from './circuit-graph.js';
import { isGrouped } from '../../circuit/nodes.js';
import { encodeConfig } from '../own/config-json.js';
import { encodeProvenance } from '../own/provenance-json.js';

/** One column of a table of nodes or edges, of a fixed type: `null` values are left out of a file. */
export interface Column<Attributes> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'double' | 'boolean';
  value(attributes: Readonly<Attributes>, graph: Readonly<GraphAttributes>): string | number | boolean | null;
}

/**
 * What GEXF and GraphML files hold of a node. Token texts are a JSON string: list types of these formats are not safe.
 * The model's shape and the run's provenance are JSON strings at `input` and at `logits`. What stands at the graph is
 * lost by programs that read the file and write it again; and people delete nodes.
 */
const NODE_COLUMNS: readonly Column<NodeAttributes>[] = [
  { name: 'kind', type: 'string', value: (node) => node.kind },
  { name: 'layer', type: 'integer', value: (node) => node.layer },
  { name: 'head', type: 'integer', value: (node) => node.head },
  { name: 'effect', type: 'double', value: (node) => node.effect },
  { name: 'abs_effect', type: 'double', value: (node) => Math.abs(node.effect) },
  { name: 'in_circuit', type: 'boolean', value: (node) => node.inCircuit },
  { name: 'group', type: 'string', value: (node) => (node.layer === null ? node.kind : `layer ${node.layer}`) },
  { name: 'tokens_json', type: 'string', value: (node) => node.tokens && exactJson(node.tokens) },
  {
    name: 'cfg_json',
    type: 'string',
    value: (node, graph) => (isTerminal(node) ? exactJson(encodeConfig(graph, graph.width)) : null),
  },
  {
    name: 'meta_json',
    type: 'string',
    value: (node, { provenance }) => (provenance && isTerminal(node) ? exactJson(encodeProvenance(provenance)) : null),
  },
];

/** Which heads share keys and values. */
const GROUP_COLUMN: Column<NodeAttributes> = { name: 'kv_group', type: 'integer', value: (node) => node.kvGroup };

/** What a graph's file holds of a node. Files of circuits without shared keys and values have no column of groups. */
export function nodeColumns(graph: CircuitGraph): readonly Column<NodeAttributes>[] {
  return isGrouped(graph.getAttributes()) ? [...NODE_COLUMNS, GROUP_COLUMN] : NODE_COLUMNS;
}

function isTerminal({ kind }: Readonly<NodeAttributes>): boolean {
  return kind === 'input' || kind === 'logits';
}

/** The port is repeated here because networkx drops a GEXF edge's kind. */
const EDGE_COLUMNS: readonly Column<EdgeAttributes>[] = [
  { name: 'port', type: 'string', value: (edge) => edge.port },
  { name: 'effect', type: 'double', value: (edge) => edge.effect },
  { name: 'abs_effect', type: 'double', value: (edge) => edge.effect && Math.abs(edge.effect) },
  { name: 'rank', type: 'integer', value: (edge) => edge.rank },
  { name: 'in_circuit', type: 'boolean', value: (edge) => edge.inCircuit },
  { name: 'method', type: 'string', value: (_, { provenance }) => provenance?.method ?? null },
  { name: 'step', type: 'integer', value: (edge) => edge.step },
  { name: 'effect_in_circuit', type: 'double', value: (edge) => edge.inCircuitEffect },
];

/** How often the edge was found when the search was made again, and the interval of that. */
const CONFIDENCE_COLUMNS: readonly Column<EdgeAttributes>[] = [
  { name: 'confidence', type: 'double', value: (edge) => edge.confidence },
  { name: 'confidence_low', type: 'double', value: (edge) => edge.confidenceLow },
  { name: 'confidence_high', type: 'double', value: (edge) => edge.confidenceHigh },
];

/** What a graph's file holds of an edge. Files of circuits whose search was made once have no columns of confidence. */
export function edgeColumns(graph: CircuitGraph): readonly Column<EdgeAttributes>[] {
  const known = graph.someEdge((_, { confidence }) => confidence !== null);
  return known ? [...EDGE_COLUMNS, ...CONFIDENCE_COLUMNS] : EDGE_COLUMNS;
}

/**
 * JSON without the characters that it leaves as they are and XML does not: those that XML cannot hold, and those that
 * some readers take for an end of line.
 */
function exactJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The value as text, or null where there is none: never NaN or an infinity. */
export function columnText(value: string | number | boolean | null): string | null {
  return value === null || (typeof value === 'number' && !Number.isFinite(value)) ? null : String(value);
}

/** The circuit in one line. */
export function describe({ provenance, keptEdges, candidateEdges }: Readonly<GraphAttributes>): string {
  const size = `${keptEdges} of ${candidateEdges} edges`;
  if (!provenance) return `Circuit of ${size}`;
  const { task, model, method, metric, threshold, signConvention } = provenance;
  const limit = threshold === null ? '' : `, threshold ${threshold}`;
  return `Circuit of ${task.name} in ${model.name}: ${size}; ${method}, ${metric}${limit}; ${signConvention}`;
}

/** Some programs drop edges of weight 0: Gephi does. */
const SMALLEST_WEIGHT = 1e-12;

/** The weight of an edge in formats that have a place for one: |effect|, and never 0. */
export function edgeWeight({ effect }: Readonly<EdgeAttributes>): number {
  return Math.max(Math.abs(effect ?? 0), SMALLEST_WEIGHT);
}
