import type { Circuit } from '../circuit/circuit.js';
import { toGraph, type GraphOptions } from './graph/circuit-graph.js';
import { writeAcdcNames } from './tools/acdc-names.js';
import { writeAttributionGraph, type PromptOptions } from './tools/attribution-graph.js';
import { writeCircuitJson } from './own/circuit-json.js';
import { writeDot } from './graph/dot.js';
import { writeEapIg } from './tools/eap-ig.js';
import { writeEdgePruning } from './tools/edge-pruning.js';
import { writeGexf } from './graph/gexf.js';
import { writeGraphml } from './graph/graphml.js';
import { writeNodeLink } from './graph/node-link.js';

/** A circuit as the text of a file. The kept edges alone unless `allEdges`; formats that say of each edge whether it is in always hold all. */
export type CircuitWriter = (circuit: Circuit, options?: GraphOptions & PromptOptions) => string;

type CircuitFormatName =
  | 'gexf'
  | 'graphml'
  | 'dot'
  | 'json'
  | 'eap-ig'
  | 'edge-pruning'
  | 'node-link'
  | 'attribution-graph'
  | 'acdc';

/** Every format that a circuit can be written in: a further one is one file and one line here. */
export const CIRCUIT_WRITERS: Readonly<Record<CircuitFormatName, CircuitWriter>> = {
  gexf: (circuit, options) => writeGexf(toGraph(circuit, options)),
  graphml: (circuit, options) => writeGraphml(toGraph(circuit, options)),
  dot: (circuit, options) => writeDot(toGraph(circuit, options)),
  json: (circuit) => writeCircuitJson(circuit),
  'eap-ig': (circuit) => writeEapIg(circuit),
  'edge-pruning': (circuit) => writeEdgePruning(circuit),
  'node-link': writeNodeLink,
  'attribution-graph': writeAttributionGraph,
  acdc: (circuit) => writeAcdcNames(circuit),
};

export type CircuitFormat = keyof typeof CIRCUIT_WRITERS;

export { withListedGraph } from './tools/attribution-graph.js';
export {
  fileTopology,
  neuronsLeftOut,
  parseCircuit,
  resolveCircuit,
  type CircuitFile,
  type FileConfig,
  type FileEdge,
} from './own/circuit-file.js';
export { SCHEMA_VERSION, writeCircuitJson } from './own/circuit-json.js';
export {
  DETAILS_VERSION,
  detailsFit,
  estimateDetailsBytes,
  parseDetails,
  writeDetails,
  type DetailsExtent,
} from './own/details-json.js';
export { writeDot } from './graph/dot.js';
export { writeEapIg, writeEapIgScores } from './tools/eap-ig.js';
export { readEdgePruning, type ReadCircuit } from './tools/edge-pruning.js';
export {
  FOREIGN_FORMATS,
  readForeign,
  type ForeignCircuit,
  type ForeignFormat,
  type ModelShape,
} from './tools/foreign.js';
export { writeGexf } from './graph/gexf.js';
export { writeGraphml } from './graph/graphml.js';
export { MIB_PERCENTAGES, mibCircuits, mibImportances, type FolderTexts } from './tools/mib-folder.js';
export { readNodeLink } from './graph/node-link.js';
export { parseScores, writeScoresJson } from './own/scores-json.js';
export { writeTrace, type TraceStep } from './own/trace.js';
