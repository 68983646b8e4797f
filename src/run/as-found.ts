import { EdgewiseError } from '../base/errors.js';
import type { Circuit, Provenance } from '../circuit/circuit.js';
import { METRIC_NAMES, type MetricName } from '../readout/metrics.js';
import { DEFAULTS, LIBRARY_NAMES, type AskedEvaluation, type EvaluationOptions, type OptionNaming } from './options.js';

/** What a circuit or scores say of how they were measured. */
export type FoundWith = Pick<Provenance, 'metric' | 'ablation' | 'input' | 'meanOver'>;

/** Is told of an option that differs from what a circuit was found with. */
export type Differs<Option> = (option: Option, given: unknown, found: unknown) => void;

/** An option's value: as given, else as the circuit was found, else the default. */
export function asFound<T, Option>(
  option: Option,
  given: T | undefined,
  found: T | undefined,
  byDefault: T,
  differs: Differs<Option> = () => {},
): T {
  if (given !== undefined && found !== undefined && given !== found) differs(option, given, found);
  return given ?? found ?? byDefault;
}

/**
 * How a circuit is evaluated: as asked, and otherwise as it was found.
 *
 * @throws EdgewiseError of kind usage where the circuit was found with means over another task's file, which is not
 *   given.
 */
export function evaluationAsFound(
  { metric, ablation, input, meanOver }: AskedEvaluation,
  found: FoundWith | null,
  {
    differs,
    nameOf = LIBRARY_NAMES,
  }: { readonly differs?: Differs<keyof AskedEvaluation>; readonly nameOf?: OptionNaming } = {},
): EvaluationOptions {
  const by = asFound('metric', metric, knownMetric(found), DEFAULTS.searchMetric, differs);
  const chosen = asFound('ablation', ablation, found?.ablation, DEFAULTS.ablation, differs);
  return {
    metric: by,
    ablation: chosen,
    input: asFound('input', input, found?.input, DEFAULTS.input, differs),
    meanOver: meanOver ?? (chosen.startsWith('mean') ? meanSide(found, nameOf) : 'clean'),
  };
}

/** The metric that a circuit was found with, if this engine has it. */
export function knownMetric(found: Pick<FoundWith, 'metric'> | null): MetricName | undefined {
  return METRIC_NAMES.find((name) => name === found?.metric);
}

/** Of another task's file a circuit knows the hash only. */
function meanSide(found: FoundWith | null, nameOf: OptionNaming): 'clean' | 'corrupted' {
  const side = found?.meanOver ?? 'clean';
  if (side === 'clean' || side === 'corrupted') return side;
  const what = "is needed: the circuit was found with means over another task's file";
  throw new EdgewiseError('usage', nameOf('meanOver'), what);
}

/** The provenance of a circuit that was found here, null for a set of edges or another program's circuit. */
export function provenanceOf(circuit: object): Provenance | null {
  return (circuit as Partial<Circuit>).provenance ?? null;
}
