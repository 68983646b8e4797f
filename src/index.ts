/**
 * Edgewise as a library. It needs neither Node nor a DOM: the GPUDevice is passed in. `edgewise/node` opens models,
 * devices and files in Node. `edgewise/internals` has what is inside, without a promise that it stays.
 */

// Use: open a model, find circuits, score edges, measure circuits.
export { EdgewiseError, type ErrorKind } from './base/errors.js';
export { openInPage, type PageOptions } from './run/open-in-page.js';
export {
  Edgewise,
  type Discovered,
  type EvaluateOptions,
  type JudgeOptions,
  type TaskOptions,
} from './run/edgewise.js';
export { METHODS, type AskedDiscovery, type MethodName } from './run/methods/index.js';
export type { AskedEvaluation, AttributeOptions, DiscoverOptions } from './run/options.js';
export { SCORING_METHODS, type ScoringMethod } from './run/scoring-methods.js';
export type { Discovery, Screening } from './run/discovery.js';
export type { JournalRequest, RunAids, RunJournal, RunProgress } from './run/aids.js';
export type { WorkProgress } from './base/work-progress.js';
export type { AskedLens } from './run/asked-lens.js';
export { Instruments } from './run/instruments.js';
export { METRICS, type MetricName } from './readout/metrics.js';
export { MEASURES, type Evaluation, type MeasureName } from './evaluate/measures.js';
export { JUDGEMENTS, type JudgementName, type Judgements } from './judge/judgements.js';
export type { AreasAsked, MeasuredAreas } from './run/areas.js';
export { builtinTasks } from './task/builtin/index.js';
export { TASK_FORMATS } from './task/formats/index.js';
export { ROW_KINDS } from './task/rows/index.js';
export type { ReadOptions, ReadTask, RowVerdict, TaskFile } from './task/load-task.js';
export type { BosOption } from './task/tokenizer.js';
export type { PromptPair, Task } from './task/types.js';
export { VERSION } from './version.js';

// Use: circuits and scores, and their files.
export type { Circuit, Provenance } from './circuit/circuit.js';
export { combineScores, type CombinationName, type CombinedPart } from './circuit/combine-scores.js';
export { stabilityCard } from './stability/card.js';
export { withStability, type Stability } from './stability/report.js';
export type { StabilityOptions } from './run/stability.js';
export { compareCircuits, type CircuitComparison } from './circuit/comparison.js';
export type { CircuitDetails } from './circuit/details.js';
export { circuitFromScores } from './circuit/scored-circuit.js';
export type { Scores } from './circuit/scores.js';
export { select, type Selection, type SelectionRule } from './discover/select.js';
export {
  CIRCUIT_WRITERS,
  openCircuit,
  parseCircuit,
  parseDetails,
  parseDraws,
  parseReport,
  parseScores,
  resolveCircuit,
  writeDetails,
  writeDraws,
  writeReport,
  writeScoresJson,
  writeTrace,
  type CircuitFile,
  type CircuitFormat,
  type CircuitReport,
  type ModelShape,
  type OpenedCircuit,
  type OpenCircuitOptions,
  type TraceStep,
  parseInstrument,
  writeInstrument,
  type InstrumentFile,
  type InstrumentName,
  type LensReport,
} from './files/index.js';

// Extend: searches over another evaluator, other choices of edges, other measures.
export type { CircuitEvaluator, EvaluationCosts, PerPrompt } from './circuit/evaluator.js';
export { EdgeSet } from './circuit/edge-set.js';
export { pruneDisconnected } from './circuit/prune.js';
export { Topology, type Edge } from './circuit/topology.js';
export { type TopologyShape } from './circuit/topology-shape.js';
export type { Branch, Node, Port, Writer } from './circuit/nodes.js';
export { createScores } from './circuit/scores.js';
export { acdc, type AcdcAids, type AcdcOptions, type AcdcResult } from './discover/acdc.js';
export { exactEffects } from './discover/exact.js';
export type { Journal, Measurement } from './discover/journal.js';
export { circuitCurve } from './evaluate/curve.js';
export { measureEdges } from './evaluate/measured-edges.js';
export { faithfulness } from './evaluate/faithfulness.js';
export { randomCircuitLike } from './evaluate/random-circuit.js';
