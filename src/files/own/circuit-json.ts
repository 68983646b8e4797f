import { candidateEdges, type Circuit } from '../../circuit/circuit.js';
import { circuitEntries, edgeLines, interchangeMembers, type InterchangeEntries } from './interchange.js';
import { block, entry, jsonFile } from '../../base/json/entry-lines.js';
import { inCircuitMembers } from './in-circuit-json.js';
import { stabilityMembers } from './stability-json.js';
import { encodeProvenance } from './provenance-json.js';

/** Version of what stands under `edgewise`. */
export const SCHEMA_VERSION = 1;

/**
 * The circuit in the interchange schema of EAP-IG and MIB (`cfg`, `nodes`, `edges`), with what that schema has no place
 * for under one more top-level key, `edgewise`: `schema_version`, `provenance` or `imported`, `direct_edges`,
 * `untested_removals`, and where it was measured `in_circuit`, `idle` and `curve`: see InCircuit;
 * and `stability`, which says of an edge [count, of, lower, upper]: see Inclusion.
 *
 * Every addition edge of the model is present with a finite `score` (loss form: positive = the edge helps), since
 * readers of that schema require one: 0 and `"tested": false` where none was measured. `step` is the edge's place in
 * the order of decisions. One node or edge a line, in the order of ids.
 *
 * @param view what a viewer keeps in the file, as it stands under `view`; undefined: nothing.
 */
export function writeCircuitJson(circuit: Circuit, view?: unknown): string {
  return circuitJson(circuit, false, view);
}

/**
 * The same with the kept edges alone, which `edgewise.sparse` says: small where the model has a million edges. What was
 * measured of edges that are not in the circuit is not in the file. Programs that take every edge for listed cannot
 * read it.
 */
export function writeSparseCircuitJson(circuit: Circuit): string {
  return circuitJson(circuit, true);
}

function circuitJson(circuit: Circuit, sparse: boolean, view?: unknown): string {
  const { topology, width, kept, provenance, imported, untestedRemovals } = circuit;
  const entries = testedEntries(circuit);
  const isListed = sparse ? (id: number): boolean => kept.has(id) : undefined;
  const own = [entry('schema_version', SCHEMA_VERSION), ...(sparse ? [entry('sparse', true)] : [])];
  if (provenance) {
    const fields = Object.entries(encodeProvenance(provenance));
    own.push(
      block(
        'provenance',
        '{}',
        fields.map(([key, value]) => entry(key, value)),
      ),
    );
  }
  if (imported) own.push(entry('imported', imported));
  if (circuit.directTested) {
    const lines = edgeLines(topology, topology.additionEdges, candidateEdges(circuit), entries, isListed);
    own.push(block('direct_edges', '{}', lines));
  }
  own.push(
    block('untested_removals', '[]', sparse ? [] : untestedRemovals.map((id) => JSON.stringify(topology.edgeName(id)))),
  );
  own.push(...inCircuitMembers(circuit), ...stabilityMembers(circuit));
  if (view !== undefined) own.push(entry('view', view));
  return jsonFile('{}', [...interchangeMembers(topology, width, entries, isListed), block('edgewise', '{}', own)]);
}

function testedEntries(circuit: Circuit): InterchangeEntries {
  const { effects, steps } = circuit;
  const { node, edge } = circuitEntries(circuit);
  return {
    node,
    edge: (id) => ({
      ...edge(id),
      ...(Number.isFinite(effects[id]!) ? {} : { tested: false }),
      ...(steps[id]! >= 0 ? { step: steps[id] } : {}),
    }),
  };
}
