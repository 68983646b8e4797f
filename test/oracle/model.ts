/**
 * The literal evaluator: edge patching in float64, after its definition. The other evaluators are checked against it.
 */
import type { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import type { TensorName } from '../../src/model/weight-table.js';
import { addPositions, pass, type InputKind, type OracleModel, type Pass, type PassRules } from './pass.js';
import { readTensors, weightsOf } from './weights.js';

export type { InputKind, OracleModel, Pass, PassRules };

/** What cut edges carry: addition edges the writer's value, direct edges the projection. A Pass is one (resample). */
export type AblationValues = Pick<Pass, 'writers' | 'projections'>;

export async function loadOracle(model: LoadedModel, input: InputKind = 'token'): Promise<OracleModel> {
  return oracleOf(model.spec, await readTensors(model), input);
}

export function oracleOf(
  spec: ModelSpec,
  tensors: ReadonlyMap<TensorName, Float64Array>,
  input: InputKind = 'token',
): OracleModel {
  const topology = new Topology({
    layers: spec.layers,
    heads: spec.heads,
    parallel: spec.block !== 'sequential',
    attentionOnly: spec.mlp === null,
  });
  return { ...weightsOf(spec, tensors), topology, input };
}

/** The untouched model: every edge kept. */
export function runModel(model: OracleModel, ids: readonly number[]): Pass {
  return runWithRules(model, ids, {});
}

/** The untouched model, but for what the rules change. */
export function runWithRules(model: OracleModel, ids: readonly number[], rules: PassRules): Pass {
  return pass(
    model,
    ids.length,
    (writer, compute) => (writer === 0 ? embed(model, ids) : compute()),
    () => undefined,
    rules,
  );
}

/** A circuit: edges in `kept` carry this pass's own values, all others those of `cut`. */
export function runCircuit(model: OracleModel, ids: readonly number[], kept: EdgeSet, cut: AblationValues): Pass {
  return pass(
    model,
    ids.length,
    (writer, compute) => (writer === 0 ? embed(model, ids) : compute()),
    (edge) => {
      if (kept.has(edge)) return undefined;
      const cutEdge = model.topology.edge(edge);
      const value = cutEdge.kind === 'addition' ? cut.writers[cutEdge.writer] : cut.projections[cutEdge.port];
      if (!value) throw new Error(`no ablation value for ${model.topology.edgeName(edge)}`);
      return value;
    },
  );
}

/**
 * Completes the values of an ablation: the projections that cut direct edges carry are those of a pass in which every
 * writer is at its ablation value, so that only constants (positions, biases) remain beside them.
 */
export function ablationValues(model: OracleModel, writers: readonly Float64Array[]): AblationValues {
  const length = writers[0]!.length / model.spec.width;
  const { projections } = pass(
    model,
    length,
    (writer) => writers[writer]!,
    () => undefined,
  );
  return { writers, projections };
}

/** Scaled token embedding, with the position embedding where the model's input writer holds it: [S, d]. */
export function embed(model: OracleModel, ids: readonly number[]): Float64Array {
  const { width, embeddingScale } = model.spec;
  const table = model.tensor('embed');
  const x = new Float64Array(ids.length * width);
  ids.forEach((id, position) => x.set(table.subarray(id * width, (id + 1) * width), position * width));
  const scaled = x.map((value) => value * embeddingScale);
  return model.input === 'token' ? scaled : addPositions(model, scaled);
}
