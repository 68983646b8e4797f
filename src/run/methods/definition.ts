import { EdgewiseError } from '../../base/errors.js';
import type { AttributionSettings, RunIdentity, ScreeningRecord } from '../../circuit/run-identity.js';
import type { AskedSelection } from '../../discover/select.js';
import type { LoadedModel } from '../../model/load-model.js';
import type { MetricName } from '../../readout/metrics.js';
import type { Task } from '../../task/types.js';
import type { RunAids } from '../aids.js';
import type { Discovery } from '../discovery.js';
import type { Engine } from '../engine.js';
import { topologyOf } from '../identity.js';
import {
  DEFAULTS,
  evaluationOptions,
  type Caches,
  type DiscoverOptions,
  type OptionName,
  type OptionNaming,
} from '../options.js';

/** What `discover` gives. */
export interface Discoveries {
  /** The circuits asked for, in the order of thresholds; one where no several thresholds were asked for. */
  readonly chosen: readonly Discovery[];
  /** Every search that was made, by rising threshold. */
  readonly all: readonly Discovery[];
}

/** What a run of several searches was asked for. A run of one search has none of it. */
export interface ThresholdPlan {
  /** From the highest on. */
  readonly thresholds: readonly number[] | null;
  /** About how many edges to keep, and the threshold to start at. */
  readonly edges: number | null;
  readonly start: number | null;
}

/** What methods that search are asked for. */
export interface SearchPlan extends ThresholdPlan {
  /** How faithful the circuit is to be. Absent where it does not matter. */
  readonly faithfulness?: number;
}

/** What a run was asked for besides what identifies every run. It tells one run from another. */
export interface AskedOfRun extends Partial<SearchPlan> {
  /** Of one search. */
  readonly threshold?: number;
  readonly selection?: Omit<AskedSelection, 'limit'> & Partial<Pick<AskedSelection, 'limit'>>;
  /** Edges that score `cutoff` or more are the start. At most `limit` edges near the cutoff are tested again. */
  readonly screening?: Pick<ScreeningRecord, 'cutoff' | 'limit'>;
}

/** A run that is settled and checked, before a device is needed. */
export interface MethodPlan {
  /** How circuits are evaluated; also for what is measured of the circuits afterwards. */
  readonly caches: Caches;
  /** What every circuit of the run has in its provenance. */
  readonly identity: Partial<RunIdentity & AttributionSettings>;
  readonly asked: AskedOfRun;
  /** @throws EdgewiseError of kind device, checkpoint, or usage where a journal is of another run. */
  run(engine: Engine, aids: RunAids): Promise<Discoveries>;
}

/** A method of `discover`. Command-line flags, refusals and help follow from its entry. */
export interface MethodDefinition {
  readonly name: string;
  readonly about: string;
  readonly source: string;
  /** Options that the method uses. Every other option is refused. */
  readonly takes: readonly OptionName[];
  /** What a cut edge must carry. */
  readonly needs: { readonly ablation: 'none' | 'any' | 'resample' };
  /** Default metric. */
  readonly metric: MetricName;
  /**
   * Settles the options and checks them, before a device is needed.
   *
   * @throws EdgewiseError: usage where options do not fit one another, task where prompts do not fit the model.
   */
  plan(model: LoadedModel, task: Task, options: DiscoverOptions, nameOf: OptionNaming): MethodPlan;
}

/** Options of every method that evaluates circuits. */
export const EVALUATION_OPTIONS = ['metric', 'ablation', 'meanOver', 'input'] as const satisfies OptionName[];

export function cachesOf(options: DiscoverOptions, metric: MetricName): Caches {
  return {
    ...evaluationOptions(options, metric),
    directEdges: options.directEdges ?? false,
    ...(options.batch !== undefined && { batch: options.batch }),
  };
}

/** @throws EdgewiseError of kind usage where more edges are asked for than there are, or no whole number of them. */
export function refuseTooMany(
  model: LoadedModel,
  { edges = 1, directEdges }: DiscoverOptions,
  nameOf: OptionNaming,
): void {
  const topology = topologyOf(model);
  const most = directEdges ? topology.edgeCount : topology.additionEdges;
  const where = nameOf('edges');
  if (edges > most) throw new EdgewiseError('usage', where, `got ${edges}, the model has ${most}`);
  if (Number.isSafeInteger(edges) && edges >= 1) return;
  throw new EdgewiseError('usage', where, `got ${edges}, expected a whole number of at least 1`);
}

/**
 * How faithful the circuit is asked to be, where that is asked.
 *
 * @throws EdgewiseError of kind usage for no number above 0 and at most 1, or where the circuit's size is given too.
 */
export function faithfulnessOf(options: DiscoverOptions, nameOf: OptionNaming): number | undefined {
  const { faithfulness } = options;
  if (faithfulness === undefined) return undefined;
  const where = nameOf('faithfulness');
  for (const other of ['threshold', 'edges'] as const) {
    if (options[other] === undefined) continue;
    throw new EdgewiseError('usage', where, `finds how much to keep, which ${nameOf(other)} says; give one of them`);
  }
  if (faithfulness > 0 && faithfulness <= 1) return faithfulness;
  throw new EdgewiseError('usage', where, `got ${faithfulness}, expected a number above 0 and at most 1`);
}

/** @throws EdgewiseError of kind usage: no circuit is as faithful as asked. @param best faithfulness that there is. */
export function refuseUnreached(wanted: number, best: number | null, tried: string, nameOf: OptionNaming): never {
  const where = `${nameOf('faithfulness')} ${wanted}`;
  if (best === null) {
    throw new EdgewiseError('usage', where, 'is not defined here: the whole model and the empty circuit do not differ');
  }
  throw new EdgewiseError('usage', where, `${tried} has faithfulness ${Number(best.toPrecision(4))}; ask for less`);
}

/**
 * The thresholds asked for, each once.
 *
 * @throws EdgewiseError of kind usage for none, one given twice, or no finite number.
 */
export function thresholdsOf(
  { threshold = DEFAULTS.threshold }: DiscoverOptions,
  nameOf: OptionNaming,
): readonly number[] {
  const thresholds = typeof threshold === 'number' ? [threshold] : threshold;
  const refuse = (what: string): never => {
    throw new EdgewiseError('usage', nameOf('threshold'), what);
  };
  if (thresholds.length === 0) refuse('is empty, expected at least one number');
  for (const one of thresholds) if (!Number.isFinite(one)) refuse(`got ${one}, expected a finite number`);
  if (new Set(thresholds).size < thresholds.length) refuse('a threshold is given twice');
  return thresholds;
}
