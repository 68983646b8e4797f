/**
 * Edgewise as a library: needs neither Node nor a DOM; the GPUDevice is passed in. `edgewise/node` adds devices, model
 * directories, hub downloads and files for Node.
 */
export { EdgewiseError, type ErrorKind } from './base/errors.js';
export { memoryDirectory, memorySource, type ByteSource, type ModelDirectory } from './checkpoint/byte-source.js';
export {
  candidateEdges,
  keptEdges,
  signIsStated,
  type Circuit,
  type ImportRecord,
  type Provenance,
} from './circuit/circuit.js';
export type { CircuitDetails, NodeDetails, PromptDetails, TokenLogit } from './circuit/details.js';
export { EdgeSet } from './circuit/edge-set.js';
export { pruneDisconnected } from './circuit/prune.js';
export {
  ABLATIONS,
  GRANULARITIES,
  INPUT_KINDS,
  SENDER_HEADS,
  STEP_RULES,
  type Ablation,
  type AttributionSettings,
  type Granularity,
  type InputKind,
  type RunIdentity,
  type SelectionRecord,
  type SenderHeads,
  type StepRule,
} from './circuit/run-identity.js';
export { circuitFromScores, describeSelection, type ChosenEdges } from './circuit/scored-circuit.js';
export {
  createScores,
  directScored,
  scoredEdges,
  withSign,
  type Scores,
  type ScoresProvenance,
} from './circuit/scores.js';
export { toGraph, type CircuitGraph, type EdgeAttributes, type NodeAttributes } from './files/graph/circuit-graph.js';
export type { Branch, Node, Port, Writer } from './circuit/nodes.js';
export { Topology, type Edge, type TopologyShape } from './circuit/topology.js';
export { runSelfTest, type CheckResult } from './check/self-test.js';
export {
  acdc,
  type AcdcAids,
  type AcdcOptions,
  type AcdcProgress,
  type AcdcResult,
  type AcdcStep,
} from './discover/acdc.js';
export type { CircuitEvaluator, PerPrompt } from './circuit/evaluator.js';
export { selectNeurons, type NeuronSelection } from './discover/select-neurons.js';
export { select, type Selection, type SelectionRule } from './discover/select.js';
export {
  Engine,
  type EngineOptions,
  type Evaluation,
  type InspectionOptions,
  type InspectionProgress,
  type ScoringAids,
  type PreparedExact,
} from './run/engine.js';
export {
  checkRun,
  planFor,
  runIdentity,
  topologyOf,
  type DiscoveryOptions,
  type EvaluationOptions,
  type MeanOver,
} from './run/identity.js';
export {
  SCORING_METHODS,
  checkScoring,
  scoringIdentity,
  type ScoringMethod,
  type ScoringOptions,
} from './run/scoring.js';
export { Search, type Discovery, type SearchStart } from './run/search.js';
export type { Journal, Measurement } from './discover/journal.js';
export type { Predictor } from './discover/look-ahead.js';
export type { Wait } from './gpu/gpu.js';
export { faithfulness } from './evaluate/faithfulness.js';
export { randomCircuitLike } from './evaluate/random-circuit.js';
export type { Tuning } from './gpu/product/choose-tile.js';
export { measureTuning } from './gpu/product/measure-tuning.js';
export { METRICS, METRIC_NAMES, type MetricName } from './readout/metrics.js';
export {
  CIRCUIT_WRITERS,
  FOREIGN_FORMATS,
  MIB_PERCENTAGES,
  detailsFit,
  estimateDetailsBytes,
  fileTopology,
  mibCircuits,
  mibImportances,
  parseCircuit,
  parseDetails,
  parseScores,
  readForeign,
  resolveCircuit,
  writeCircuitJson,
  writeDetails,
  writeEapIg,
  writeEapIgScores,
  writeGexf,
  writeScoresJson,
  writeTrace,
  type CircuitFile,
  type CircuitFormat,
  type DetailsExtent,
  type FolderTexts,
  type ForeignCircuit,
  type ForeignFormat,
  type ModelShape,
  type TraceStep,
} from './files/index.js';
export { Gpu } from './gpu/gpu.js';
export { isTileName, TILE_NAMES, type TileName } from './gpu/product/tiles.js';
export type { TokenText } from './inspect/circuit-details.js';
export { openModel, type LoadedModel } from './model/load-model.js';
export { gpt2Spec, randomModel, type Gpt2Sizes } from './model/random-model.js';
export type { ModelSpec } from './model/spec.js';
export type { RunPlan } from './evaluate/memory-plan.js';
export { builtinTaskFile, builtinTasks } from './task/builtin/index.js';
export { TASK_FORMATS } from './task/formats/index.js';
export { formatJsonl } from './task/formats/jsonl.js';
export { loadTask, readTask, readTaskRows, type ReadTask, type TaskFile, type TaskOptions } from './task/load-task.js';
export { ROW_KINDS } from './task/rows/index.js';
export { requireAnswers, takePrompts } from './task/take-prompts.js';
export { createTokenizer, type BosMode, type TaskTokenizer } from './task/tokenizer.js';
export type { PromptPair, Task } from './task/types.js';
export { VERSION } from './version.js';
