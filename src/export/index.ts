import type { Circuit } from '../circuit/circuit.js';
import { toGraph, type GraphOptions } from '../circuit/graph.js';
import { writeCircuitJson } from './circuit-json.js';
import { writeDot } from './dot.js';
import { writeGexf } from './gexf.js';
import { writeGraphml } from './graphml.js';

/** A circuit as the text of a file. The kept edges alone unless `allEdges`; `json` always holds every edge. */
export type CircuitWriter = (circuit: Circuit, options?: GraphOptions) => string;

/** Every format that a circuit can be written in: a further one is one file and one line here. */
export const CIRCUIT_WRITERS: Readonly<Record<'gexf' | 'graphml' | 'dot' | 'json', CircuitWriter>> = {
  gexf: (circuit, options) => writeGexf(toGraph(circuit, options)),
  graphml: (circuit, options) => writeGraphml(toGraph(circuit, options)),
  dot: (circuit, options) => writeDot(toGraph(circuit, options)),
  json: writeCircuitJson,
};

export type CircuitFormat = keyof typeof CIRCUIT_WRITERS;

export {
  fileTopology,
  parseCircuit,
  resolveCircuit,
  type CircuitFile,
  type FileConfig,
  type FileEdge,
} from './circuit-file.js';
export { SCHEMA_VERSION, writeCircuitJson } from './circuit-json.js';
export {
  DETAILS_VERSION,
  detailsFit,
  estimateDetailsBytes,
  parseDetails,
  writeDetails,
  type DetailsExtent,
} from './details-json.js';
export { writeDot } from './dot.js';
export { writeEapIg, writeEapIgScores } from './eap-ig.js';
export { writeGexf } from './gexf.js';
export { writeGraphml } from './graphml.js';
export { parseScores, writeScoresJson } from './scores-json.js';
export { writeTrace, type TraceStep } from './trace.js';
