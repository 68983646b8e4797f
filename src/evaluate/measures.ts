import { EdgewiseError } from '../base/errors.js';
import { mean } from '../base/mean.js';
import type { Circuit } from '../circuit/circuit.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { CurvePoint } from '../circuit/in-circuit.js';
import type { PromptPair } from '../task/types.js';
import { complementOf, curveCircuits, curvePoint, type CurveCircuit } from './curve.js';
import type { PromptValues } from './evaluator.js';
import { faithfulness } from './faithfulness.js';
import { randomCircuitLike } from './random-circuit.js';

/** What is measured: a circuit with the effects of its edges, or kept edges alone. */
export interface MeasuredCircuit {
  readonly kept: EdgeSet;
  /** Needed by `curve` only. */
  readonly circuit: Circuit | null;
}

/** What the evaluator found: values per prompt, in loss form, by metric. */
export interface MeasuredValues {
  readonly metric: MetricName;
  readonly whole: PromptValues;
  readonly empty: PromptValues;
  readonly circuit: PromptValues;
  /** Of the circuits that the measure asked for, in its order. */
  readonly own: readonly PromptValues[];
  readonly measured: MeasuredCircuit;
  readonly seed: number;
}

/** A cell of the report for people. */
export interface ReportCell {
  /** The row: what was measured. */
  readonly of: string;
  /** The column. `metric` stands for the name of the metric. */
  readonly column: 'metric' | 'faithfulness' | 'accuracy' | 'edges' | 'remark';
  readonly value: number | string | null;
}

export interface Report {
  /** For machines: fields of one JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly cells: readonly ReportCell[];
}

/** One number or several that say how good a circuit is. Reports follow from the entry. */
export interface Measure<Value> {
  readonly about: string;
  readonly source: string | null;
  /** Metrics that it reads besides the run's. Their values are missing where the task lacks the answers for them. */
  readonly metrics: readonly MetricName[];
  /** Circuits to evaluate besides the whole model, the empty circuit and the circuit itself. */
  circuits(measured: MeasuredCircuit, seed: number): readonly EdgeSet[];
  /** Fields of the Evaluation. */
  value(values: MeasuredValues): Value;
  report(value: Value): Report;
}

const MIB = 'MIB, Mueller et al. 2025 (arXiv:2504.13151)';

/** Metrics in loss form: lower is better. */
const metric: Measure<{
  /** Whole model on the clean prompts. */
  readonly clean: number;
  /** The empty circuit under the chosen ablation. For resample ablation this is the model's corrupted run. */
  readonly corrupted: number;
  readonly circuit: number;
}> = {
  about: 'the metric of the whole model, of the circuit and of the empty circuit',
  source: null,
  metrics: [],
  circuits: () => [],
  value: ({ metric: name, whole, empty, circuit }) => ({
    clean: meanOf(whole, name),
    corrupted: meanOf(empty, name),
    circuit: meanOf(circuit, name),
  }),
  report: ({ clean, corrupted, circuit }) => ({
    json: { clean, corrupted, circuit },
    cells: [
      { of: 'whole model', column: 'metric', value: clean },
      { of: 'circuit', column: 'metric', value: circuit },
      { of: 'empty circuit', column: 'metric', value: corrupted },
    ],
  }),
};

const faithful: Measure<{ readonly faithfulness: number | null }> = {
  about: '(m(circuit) - m(empty)) / (m(model) - m(empty)); null where model and empty circuit do not differ',
  source: MIB,
  metrics: [],
  circuits: () => [],
  value: (values) => ({ faithfulness: faithfulnessOf(values.circuit, values) }),
  report: ({ faithfulness: value }) => ({
    json: { faithfulness: value },
    cells: [{ of: 'circuit', column: 'faithfulness', value }],
  }),
};

const accuracy: Measure<{ readonly accuracy: { readonly clean: number; readonly circuit: number } | null }> = {
  about: 'fraction of prompts whose most probable token is a correct answer; null where a prompt has none',
  source: null,
  metrics: ['accuracy'],
  circuits: () => [],
  value: ({ whole, circuit }) => ({
    accuracy: whole.accuracy
      ? { clean: 0 - meanOf(whole, 'accuracy'), circuit: 0 - meanOf(circuit, 'accuracy') } // never -0
      : null,
  }),
  report: ({ accuracy: value }) => ({
    json: { accuracy: value?.circuit ?? null, clean_accuracy: value?.clean ?? null },
    cells: value
      ? [
          { of: 'whole model', column: 'accuracy', value: value.clean },
          { of: 'circuit', column: 'accuracy', value: value.circuit },
        ]
      : [],
  }),
};

const edges: Measure<{ readonly edges: { readonly kept: number; readonly total: number } }> = {
  about: 'addition edges kept, and in total',
  source: null,
  metrics: [],
  circuits: () => [],
  value: ({ measured: { kept } }) => ({
    edges: { kept: kept.additionSize, total: kept.topology.additionEdges },
  }),
  report: ({ edges: { kept, total } }) => ({
    json: { edges: kept, total_edges: total },
    cells: [
      { of: 'whole model', column: 'edges', value: total },
      { of: 'circuit', column: 'edges', value: kept },
      { of: 'empty circuit', column: 'edges', value: 0 },
    ],
  }),
};

const random: Measure<{
  readonly random: {
    readonly seed: number;
    readonly metric: number;
    readonly faithfulness: number | null;
    readonly edges: number;
  };
}> = {
  about: 'a circuit of as many edges, drawn at random',
  source: null,
  metrics: [],
  circuits: ({ kept }, seed) => [randomCircuitLike(kept, seed)],
  value: (values) => ({
    random: {
      seed: values.seed,
      metric: meanOf(values.own[0]!, values.metric),
      faithfulness: faithfulnessOf(values.own[0]!, values),
      edges: values.measured.kept.additionSize,
    },
  }),
  report: ({ random: { seed, metric: circuit, faithfulness: value, edges: size } }) => ({
    json: { random: { seed, circuit, faithfulness: value } },
    cells: [
      { of: 'random circuit', column: 'metric', value: circuit },
      { of: 'random circuit', column: 'faithfulness', value },
      { of: 'random circuit', column: 'edges', value: size },
      { of: 'random circuit', column: 'remark', value: `seed ${seed}` },
    ],
  }),
};

const curve: Measure<{ readonly curve: readonly CurvePoint[] }> = {
  about: 'faithfulness and necessity of the strongest edges, by what they are worth in the circuit where that is known',
  source: MIB,
  metrics: [],
  circuits: (measured) => {
    const circuits = curveOf(measured).map(({ kept }) => kept);
    return [...circuits, ...circuits.map(complementOf)];
  },
  value: (values) => {
    const circuits = curveOf(values.measured);
    const metrics = values.own.map((one) => meanOf(one, values.metric));
    const ends = { model: meanOf(values.whole, values.metric), empty: meanOf(values.empty, values.metric) };
    return {
      curve: circuits.map(({ edges: size }, i) => curvePoint(size, metrics[i]!, metrics[circuits.length + i]!, ends)),
    };
  },
  report: ({ curve: points }) => ({
    json: { curve: points },
    cells: points.flatMap(({ edges: size, faithfulness: value }) => [
      { of: `strongest ${size}`, column: 'faithfulness', value } as const,
      { of: `strongest ${size}`, column: 'edges', value: size } as const,
    ]),
  }),
};

/** Every measure. A further one is an entry here. */
export const MEASURES = { metric, faithfulness: faithful, accuracy, edges, random, curve } as const;
export type MeasureName = keyof typeof MEASURES;

/** What is measured unless the caller says otherwise. */
export const DEFAULT_MEASURES = ['metric', 'faithfulness', 'accuracy', 'edges', 'random'] as const;
export type DefaultMeasure = (typeof DEFAULT_MEASURES)[number];

type ValueOf<M extends MeasureName> = (typeof MEASURES)[M] extends Measure<infer Value> ? Value : never;
type Fields<M extends MeasureName> = { [N in M]: (fields: ValueOf<N>) => void }[M] extends (
  fields: infer All extends object,
) => void
  ? All
  : never;

/** What measures found of a circuit. */
export type Evaluation<M extends MeasureName = DefaultMeasure> = {
  readonly metric: MetricName;
  readonly prompts: number;
} & Fields<M>;

/** Evaluates circuits: metrics per prompt, in loss form. PatchingEvaluator is one. */
export interface MetricEvaluator {
  evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<readonly PromptValues[]>;
}

export interface MeasureSetting {
  readonly metric: MetricName;
  readonly pairs: readonly PromptPair[];
  /** Of random circuits. */
  readonly seed: number;
}

/**
 * Measures a circuit. All circuits of all measures are evaluated in one call.
 *
 * @throws EdgewiseError of kind usage where `curve` is asked of edges without effects.
 */
export async function measureCircuit<M extends MeasureName>(
  evaluator: MetricEvaluator,
  measured: MeasuredCircuit,
  names: readonly M[],
  { metric: name, pairs, seed }: MeasureSetting,
): Promise<{ readonly evaluation: Evaluation<M>; readonly whole: PromptValues }> {
  const { topology } = measured.kept;
  const measures = names.map((one) => MEASURES[one] as Measure<object>);
  const further = measures.map((measure) => measure.circuits(measured, seed));
  const answered = measures.flatMap(({ metrics }) => metrics).filter((one) => hasAnswers(pairs, one));
  // KL is measured whatever was asked for: it alone shows NaN in any logit.
  const metrics = [...new Set<MetricName>(['kl', name, ...answered])];
  const circuits = [EdgeSet.full(topology), EdgeSet.empty(topology), measured.kept, ...further.flat()];
  const [whole, empty, circuit, ...rest] = await evaluator.evaluate(circuits, metrics);
  let taken = 0;
  const values = measures.map((measure, i) => {
    const own = rest.slice(taken, (taken += further[i]!.length));
    return measure.value({ metric: name, whole: whole!, empty: empty!, circuit: circuit!, own, measured, seed });
  });
  const evaluation = Object.assign({ metric: name, prompts: pairs.length }, ...values) as Evaluation<M>;
  return { evaluation, whole: whole! };
}

/** What the measures of an evaluation say of it, in the order of MEASURES. */
export function reportOf<M extends MeasureName>(names: readonly M[], evaluation: Evaluation<M>): Report {
  const all = (Object.keys(MEASURES) as MeasureName[]).filter((name) =>
    (names as readonly MeasureName[]).includes(name),
  );
  const reports = all.map((name) => (MEASURES[name] as Measure<object>).report(evaluation));
  const json = Object.assign({}, ...reports.map((one) => one.json)) as Report['json'];
  return { json, cells: reports.flatMap((one) => one.cells) };
}

function hasAnswers(pairs: readonly PromptPair[], name: MetricName): boolean {
  const { correct, wrong } = METRICS[name].needs;
  return pairs.every((pair) => (!correct || pair.correct.length > 0) && (!wrong || pair.wrong.length > 0));
}

function meanOf(values: PromptValues, name: MetricName): number {
  return mean(values[name]!);
}

function faithfulnessOf(values: PromptValues, { metric: name, whole, empty }: MeasuredValues): number | null {
  return faithfulness(meanOf(values, name), meanOf(whole, name), meanOf(empty, name));
}

function curveOf({ circuit }: MeasuredCircuit): CurveCircuit[] {
  if (!circuit) {
    throw new EdgewiseError('usage', 'curve', 'needs a circuit with the effects of its edges, got a set of edges');
  }
  const { kept, directTested, effects, inCircuit } = circuit;
  return curveCircuits({ kept, directTested, effects: inCircuit?.effects ?? effects });
}
