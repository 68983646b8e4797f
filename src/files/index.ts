export {
  CIRCUIT_WRITERS,
  formatOf,
  FORMATS,
  INPUT_FORMATS,
  OUTPUT_FORMATS,
  type CircuitFormat,
  type CircuitReader,
  type CircuitWriter,
  type Format,
  type FormatName,
  type InputFormat,
} from './formats.js';
export { choosesEdges, openImport, type ImportedFile } from './import-file.js';
export {
  openCircuit,
  openCircuitOrGraph,
  type OpenedAttributionGraph,
  type OpenedCircuit,
  type OpenCircuitOptions,
} from './open.js';
export { readableFormats } from './tell-format.js';
export { withListedGraph } from './tools/attribution-graph.js';
export {
  fileTopology,
  neuronsLeftOut,
  resolveCircuit,
  type CircuitFile,
  type FileEdge,
  type ModelShape,
  type ReadCircuit,
} from './own/circuit-file.js';
export type { FileConfig } from './own/config-json.js';
export { SCHEMA_VERSION, writeCircuitJson, writeSparseCircuitJson } from './own/circuit-json.js';
export { parseDetails, writeDetails } from './own/details-json.js';
export { DETAILS_VERSION } from './own/details-schema.js';
export {
  estimateDetailsBytes,
  extentOfCircuit,
  heldOf,
  LARGE_DETAILS,
  type DetailsExtent,
} from './own/details-size.js';
export { detailsFit } from './own/details-fit.js';
export { encodeDraws, parseDraws, writeDraws, type FileDraws } from './own/draws-json.js';
export {
  INSTRUMENT_VERSION,
  isInstrument,
  parseInstrument,
  writeInstrument,
  type InstrumentFile,
  type InstrumentName,
  type InstrumentProvenance,
  type InstrumentResult,
} from './own/instrument-json.js';
export type { LensReport } from './own/lens-json.js';
export { parseReport, REPORT_VERSION, writeReport, type CircuitReport } from './own/report-json.js';
export { parseCircuit } from './own/read-circuit-json.js';
export { parseScores, writeScoresJson } from './own/scores-json.js';
export { readTrace, writeTrace, type TraceStep } from './own/trace.js';
export { checkTrace, readTraceCircuit, traceOf } from './own/trace-circuit.js';
export { writeDot } from './graph/dot.js';
export { writeGexf } from './graph/gexf.js';
export { writeGraphml } from './graph/graphml.js';
export { readNodeLink } from './graph/node-link.js';
export { readGexf } from './graph/read-gexf.js';
export { readGraphml } from './graph/read-graphml.js';
export { writeEapIg, writeEapIgScores } from './tools/eap-ig.js';
export { readEdgePruning } from './tools/edge-pruning.js';
export { MIB_PERCENTAGES, mibCircuits, mibImportances, type FolderTexts } from './tools/mib-folder.js';
