import { EdgewiseError } from '../base/errors.js';
import type { Granularity, StepRule } from '../circuit/run-identity.js';

/** Rules for the way back of gradients. `rules.ts` has `relp` and `gim`, `query-key-fix.ts` has `atp-star`. */
export const BACKWARD_MODES = ['plain', 'relp', 'gim', 'atp-star'] as const;
export type BackwardMode = (typeof BACKWARD_MODES)[number];

/**
 * `eap-ig-activations`: the edges that a run with one interpolated group counts for. `group`: edges out of that group.
 * `all`: every edge, averaged over the runs of all groups.
 */
export const SCOPES = ['group', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

/** How scores are computed. ATTRIBUTION_METHODS says which method takes which of these. */
export interface GradientOptions {
  /** Points of an interpolation (K). Default 5. */
  readonly steps?: number;
  /** Where the points lie. Default `right`. */
  readonly stepRule?: StepRule;
  /** Default `group`. */
  readonly scope?: Scope;
  /** Default `plain`. */
  readonly backward?: BackwardMode;
  /** An option of `relp`: attention patterns are constants. Default false. */
  readonly freezePatterns?: boolean;
  /**
   * An option of `atp-star`, GradDrop: one backward pass per layer, in which no gradient goes through that layer. The
   * score is the sum of |score| over the passes, divided by their number without the port's own. Direct and indirect
   * effects that cancel each other show. Scores have no sign then. Default false.
   *
   * Source: Kramar et al. 2024 (arXiv:2403.00745).
   */
  readonly gradDrop?: boolean;
  /** What is scored. Default `edge`. */
  readonly granularity?: Granularity;
}

/**
 * A way to score every edge of the whole model. Command-line flags, refusals and provenance follow from its entry.
 */
export interface ScoringDefinition<Name extends string, Option extends string> {
  readonly name: Name;
  /** The score of an edge, in words. */
  readonly about: string;
  /** The paper that the method is from. */
  readonly source: string;
  /** Options that the method uses. Every other option is refused. */
  readonly takes: readonly Option[];
  /** What it can score. Edges are always among them. */
  readonly granularities: readonly Granularity[];
  /** What it needs of a run: a metric (with a gradient), and what a cut edge carries. */
  readonly needs: {
    readonly metric: 'none' | 'any' | 'gradient';
    readonly ablation: 'none' | 'any' | 'resample';
  };
  /** How scores of prompts become one score, in words. It is written into the provenance. */
  readonly normalisation: string;
  /** What a positive score means, in words. It is written into the provenance. */
  readonly sign: string;
}

export type AttributionMethod = 'eap' | 'eap-ig-inputs' | 'eap-ig-activations' | 'clean-corrupted' | 'information-flow';

export type AttributionDefinition = ScoringDefinition<AttributionMethod, keyof GradientOptions>;

const MEAN_OF_SUM = 'sum over prompts divided by their number';

/** What methods that take gradients have in common. */
const BY_GRADIENTS = {
  granularities: ['edge', 'node', 'neuron'],
  normalisation: MEAN_OF_SUM,
  sign: 'score = estimated metric without the edge - metric with it, metric in loss form: positive = the edge helps',
} as const;
const BACKWARD = ['backward', 'freezePatterns', 'gradDrop', 'granularity'] as const;

/**
 * Ways to estimate what cutting an edge would do to the metric.
 *
 * `D[u]` is what a cut edge from writer u carries, minus u's clean output. `g[v]` is the metric's gradient at the input
 * of port v, before its norm. The score of the edge u -> v is the product `D[u] g[v]`, summed over tokens and columns.
 * The methods differ in where g is taken.
 */
export const ATTRIBUTION_METHODS: Readonly<Record<AttributionMethod, AttributionDefinition>> = {
  eap: {
    name: 'eap',
    about: 'D[u] g[v], with g at the clean run (edge attribution patching)',
    source: 'Syed et al. 2023 (arXiv:2310.10348)',
    takes: BACKWARD,
    needs: { metric: 'gradient', ablation: 'any' },
    ...BY_GRADIENTS,
  },
  'eap-ig-inputs': {
    name: 'eap-ig-inputs',
    about: 'D[u] g[v], with g averaged over runs between the corrupted and the clean token embedding',
    source: 'Hanna et al. 2024 (arXiv:2403.17806)',
    takes: ['steps', 'stepRule', ...BACKWARD],
    needs: { metric: 'gradient', ablation: 'resample' },
    ...BY_GRADIENTS,
  },
  'eap-ig-activations': {
    name: 'eap-ig-activations',
    // A group is the input, the heads of a layer, or an MLP.
    about: 'D[u] g[v], with g averaged over clean runs in which one group of writers is between ablated and clean',
    source: 'after Marks et al. 2024 (arXiv:2403.19647)',
    takes: ['steps', 'stepRule', 'scope', ...BACKWARD],
    needs: { metric: 'gradient', ablation: 'any' },
    ...BY_GRADIENTS,
  },
  'clean-corrupted': {
    name: 'clean-corrupted',
    about: 'D[u] g[v], with the mean of g at the clean and at the corrupted run',
    source: 'Hanna et al. 2024 (arXiv:2403.17806)',
    takes: BACKWARD,
    needs: { metric: 'gradient', ablation: 'resample' },
    ...BY_GRADIENTS,
  },
  'information-flow': {
    name: 'information-flow',
    // max(0, |x|_1 - |x - y_u|_1), divided by its sum over the port's writers, mean over positions.
    about: 'share of the writer in the sum that the port reads; no metric and no gradient',
    source: 'Ferrando and Voita 2024 (arXiv:2403.00824)',
    takes: ['granularity'],
    granularities: ['edge'],
    needs: { metric: 'none', ablation: 'none' },
    normalisation: `${MEAN_OF_SUM}; mean over positions`,
    sign: 'score = share of the writer in what the port reads, from 0 to 1: no sign',
  },
};

export const ATTRIBUTION_METHOD_NAMES = Object.keys(ATTRIBUTION_METHODS) as readonly AttributionMethod[];

/**
 * Refuses options that a method does not use.
 *
 * @param given options as a caller gave them. Undefined and false count as not given.
 * @param nameOf how the caller calls an option: the command line says `--step-rule` for `stepRule`.
 * @throws EdgewiseError of kind usage that names the first such option.
 */
export function refuseUnused<Option extends string>(
  method: { readonly name: string; readonly takes: readonly Option[] },
  given: Readonly<Partial<Record<Option, unknown>>>,
  nameOf: (option: Option) => string = (option) => option,
): void {
  for (const option of Object.keys(given) as Option[]) {
    const value = given[option];
    if (value === undefined || value === false || method.takes.includes(option)) continue;
    throw new EdgewiseError('usage', nameOf(option), `has no meaning for ${method.name}`);
  }
}

/** @throws EdgewiseError of kind usage where the method cannot score what is asked for. */
export function refuseGranularity(
  { name, granularities }: Pick<ScoringDefinition<string, string>, 'name' | 'granularities'>,
  granularity: Granularity = 'edge',
): void {
  if (granularities.includes(granularity)) return;
  throw new EdgewiseError('usage', name, `scores ${granularities.join('s, ')}s only, got granularity ${granularity}`);
}
