import { candidateEdges, type Circuit } from '../circuit/circuit.js';
import { circuitNodes } from '../circuit/graph.js';
import { nodeName } from '../circuit/nodes.js';
import { encodeProvenance } from './provenance-json.js';

/** Version of what stands under `edgewise`. */
export const SCHEMA_VERSION = 1;

/**
 * The circuit in the interchange schema of EAP-IG and MIB (`cfg`, `nodes`, `edges`), with what that schema has no place
 * for under one more top-level key, `edgewise`: `schema_version`, `provenance`, `direct_edges`, `untested_removals`.
 *
 * Every addition edge of the model is present with a finite `score` (loss form: positive = the edge helps), since
 * readers of that schema require one: 0 and `"tested": false` where none was measured. `step` is the edge's place in
 * the order of decisions. One node or edge a line, in the order of ids.
 */
export function writeCircuitJson(circuit: Circuit): string {
  const { topology, width, provenance, untestedRemovals } = circuit;
  const cfg = {
    n_layers: topology.layers,
    n_heads: topology.heads,
    parallel_attn_mlp: topology.parallel,
    ...(width === null ? {} : { d_model: width }),
  };
  const inCircuit = circuitNodes(circuit);
  const nodeNames = [...topology.writers, { kind: 'logits' } as const].map(nodeName);
  const nodes = nodeNames.map((name) => entry(name, { in_graph: inCircuit.has(name) }));
  const own = [entry('schema_version', SCHEMA_VERSION)];
  if (provenance) {
    own.push(
      block(
        'provenance',
        '{',
        Object.entries(encodeProvenance(provenance)).map(([key, value]) => entry(key, value)),
        '}',
      ),
    );
  }
  if (circuit.directTested) {
    own.push(block('direct_edges', '{', edgeEntries(circuit, topology.additionEdges, candidateEdges(circuit)), '}'));
  }
  own.push(
    block(
      'untested_removals',
      '[',
      untestedRemovals.map((id) => JSON.stringify(topology.edgeName(id))),
      ']',
    ),
  );
  const members = [
    entry('cfg', cfg),
    block('nodes', '{', nodes, '}'),
    block('edges', '{', edgeEntries(circuit, 0, topology.additionEdges), '}'),
    block('edgewise', '{', own, '}'),
  ];
  return `{\n${members.join(',\n')}\n}\n`;
}

function edgeEntries({ topology, kept, effects, steps }: Circuit, from: number, to: number): string[] {
  const lines: string[] = [];
  for (let id = from; id < to; id++) {
    const tested = Number.isFinite(effects[id]!);
    lines.push(
      entry(topology.edgeName(id), {
        score: tested ? effects[id] : 0,
        in_graph: kept.has(id),
        ...(tested ? {} : { tested: false }),
        ...(steps[id]! >= 0 ? { step: steps[id] } : {}),
      }),
    );
  }
  return lines;
}

function entry(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

function block(key: string, open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? `"${key}": ${open}${close}` : `"${key}": ${open}\n${lines.join(',\n')}\n${close}`;
}
