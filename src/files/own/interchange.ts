import { circuitNodes } from '../../circuit/records.js';
import type { Circuit } from '../../circuit/circuit.js';
import { modelNodes, nodeName } from '../../circuit/nodes.js';
import type { Topology } from '../../circuit/topology.js';
import { block, entry } from '../../base/json/entry-lines.js';
import { encodeConfig } from './config-json.js';

/**
 * What the interchange schema of EAP-IG and MIB says of a node and of an edge; further keys are ignored by its readers.
 */
export interface InterchangeEntries {
  readonly node: (name: string, writer: number | null) => Readonly<Record<string, unknown>>;
  readonly edge: (id: number) => Readonly<Record<string, unknown>>;
}

/**
 * The members `cfg`, `nodes` and `edges` of a file in that schema: every node and every addition edge of the model,
 * since EAP-IG's `from_json` leaves out nothing and fails on names that the model does not have. One node or edge a
 * line, in the order of ids.
 *
 * @param isListed which edges the file lists; default all.
 */
export function interchangeMembers(
  topology: Topology,
  width: number | null,
  entries: InterchangeEntries,
  isListed?: (id: number) => boolean,
): string[] {
  const writers = new Map(topology.writers.map((node, index) => [nodeName(node), index]));
  const nodes = modelNodes(topology).map((node) => {
    const name = nodeName(node);
    return entry(name, entries.node(name, writers.get(name) ?? null));
  });
  return [
    entry('cfg', encodeConfig(topology, width)),
    block('nodes', '{}', nodes),
    block('edges', '{}', edgeLines(topology, 0, topology.additionEdges, entries, isListed)),
  ];
}

export function edgeLines(
  topology: Topology,
  from: number,
  to: number,
  { edge }: Pick<InterchangeEntries, 'edge'>,
  isListed: (id: number) => boolean = () => true,
): string[] {
  const lines: string[] = [];
  for (let id = from; id < to; id++) if (isListed(id)) lines.push(entry(topology.edgeName(id), edge(id)));
  return lines;
}

/** A circuit in that schema's own terms: a finite `score` for every edge, 0 where none was measured. */
export function circuitEntries(circuit: Circuit): InterchangeEntries {
  const { kept, effects } = circuit;
  const inCircuit = circuitNodes(circuit);
  return {
    node: (name) => ({ in_graph: inCircuit.has(name) }),
    edge: (id) => ({ score: Number.isFinite(effects[id]!) ? effects[id] : 0, in_graph: kept.has(id) }),
  };
}
