import { EdgewiseError } from '../base/errors.js';
import { DEFAULT_LEVELS, type Draws, type TestLevels } from '../circuit/draws.js';
import { EdgeSet } from '../circuit/edge-set.js';
import type { PerPrompt } from '../circuit/evaluator.js';
import type { MetricName } from '../readout/metrics.js';
import type { PromptPair } from '../task/types.js';
import { judgeMagnitude, judgeRandom, judgeRandomPaths } from './baselines.js';
import { drawAll } from './draw.js';
import {
  judgeEquivalence,
  judgeIndependence,
  judgeMinimality,
  judgePartialNecessity,
  judgeSufficiency,
} from './hypotheses.js';
import {
  baseRuns,
  circuitOf,
  Passes,
  type Judged,
  type JudgeEvaluator,
  type JudgeProgress,
  type Verdict,
} from './judged.js';
import { judgeAccuracy, judgeFaithfulness, judgeNdf, judgeNecessity } from './retained.js';
import { judgeCompleteness, judgeMinimalityIoi } from './subsets.js';

/** A judgement of a circuit. */
export interface Judgement {
  /** What it asks, and what it costs. */
  readonly about: string;
  readonly source: string | null;
  /** Metrics by which it says nothing, with the reason. */
  readonly meaningless?: Readonly<Partial<Record<MetricName, string>>>;
  judge(judged: Judged): Promise<Verdict>;
}

const MIB = 'MIB, Mueller et al. 2025 (arXiv:2504.13151)';
const IOI = 'IOI, Wang et al. 2022 (arXiv:2211.00593)';
const SHI = 'Shi et al. 2024 (arXiv:2410.13032)';
/** By KL the whole model is 0 on every prompt. */
const BY_KL = { kl: 'the KL divergence of the model from itself is 0 on every prompt' };
/** By accuracy most prompts are ties. */
const BY_ACCURACY = { accuracy: 'accuracy has two values only, so that nearly every comparison is a tie' };

/** Every judgement, in the order in which reports show them. A further one is an entry here. */
export const JUDGEMENTS = {
  faithfulness: {
    about: 'how much of the behaviour the circuit does alone',
    source: MIB,
    judge: judgeFaithfulness,
  },
  ndf: {
    about: 'how near the circuit is to the model on each prompt',
    source: 'normalised distance faithfulness, per prompt',
    judge: judgeNdf,
  },
  accuracy: {
    about: 'share of prompts with the right answer; 2 evaluations',
    source: null,
    judge: (judged) => judgeAccuracy(judged, EdgeSet.full(judged.kept.topology)),
  },
  necessity: {
    about: 'how much of the behaviour is lost without the circuit',
    source: MIB,
    judge: judgeNecessity,
  },
  completeness: {
    about: 'whether circuit and model do the same without the same edges, for the worst subset found; 500 evaluations',
    source: IOI,
    judge: judgeCompleteness,
  },
  'minimality-ioi': {
    about: 'whether each edge matters, alone or without the others into the same place; 3 evaluations an edge at most',
    source: IOI,
    judge: judgeMinimalityIoi,
  },
  equivalence: {
    about: 'test whether circuit and model are better than one another equally often',
    source: SHI,
    meaningless: { ...BY_KL, ...BY_ACCURACY },
    judge: judgeEquivalence,
  },
  independence: {
    about: 'test whether what is left without the circuit still follows the model from prompt to prompt',
    source: `${SHI}; HSIC, Gretton et al. 2005`,
    meaningless: { ...BY_KL, ...BY_ACCURACY },
    judge: judgeIndependence,
  },
  minimality: {
    about: 'test whether each edge matters more than one of a random path; 200 evaluations, and one an edge',
    source: SHI,
    judge: judgeMinimality,
  },
  sufficiency: {
    about: 'test whether the circuit is nearer to the model than random circuits; 100 evaluations',
    source: SHI,
    judge: judgeSufficiency,
  },
  'partial-necessity': {
    about: 'test whether the model misses the circuit more than random circuits; 100 evaluations',
    source: SHI,
    judge: judgePartialNecessity,
  },
  random: {
    about: 'beside circuits of as many edges, drawn uniformly; 20 evaluations',
    source: null,
    judge: judgeRandom,
  },
  'random-paths': {
    about: 'beside circuits of random paths; 100 evaluations, those of sufficiency',
    source: SHI,
    judge: judgeRandomPaths,
  },
  magnitude: {
    about: 'beside the edges with the largest weights; 1 evaluation',
    source: null,
    judge: judgeMagnitude,
  },
} as const satisfies Readonly<Record<string, Judgement>>;

export type JudgementName = keyof typeof JUDGEMENTS;
export const JUDGEMENT_NAMES = Object.keys(JUDGEMENTS) as readonly JudgementName[];

/** The judgements that say something by a metric. */
export function judgementsBy(metric: MetricName): JudgementName[] {
  return JUDGEMENT_NAMES.filter((name) => whyMeaningless(name, metric) === undefined);
}

function whyMeaningless(name: JudgementName, metric: MetricName): string | undefined {
  return (JUDGEMENTS[name] as Judgement).meaningless?.[metric];
}

/**
 * Finds out before any work whether judgements say something by the metric.
 *
 * @throws EdgewiseError of kind usage that names the first which does not, and why.
 */
export function refuseMeaningless(names: readonly JudgementName[], metric: MetricName): void {
  for (const name of names) {
    const why = whyMeaningless(name, metric);
    if (why !== undefined) {
      throw new EdgewiseError(
        'usage',
        name,
        `says nothing by the metric ${metric}: ${why}; use logit-diff, for example`,
      );
    }
  }
}

/** A verdict with the name of its judgement. */
export interface NamedVerdict extends Verdict {
  readonly name: JudgementName;
}

/** All that was judged of a circuit. */
export interface Judgements {
  readonly metric: MetricName;
  readonly verdicts: readonly NamedVerdict[];
  /** Metric per prompt, in loss form. */
  readonly perPrompt: {
    readonly whole: PerPrompt;
    readonly empty: PerPrompt;
    readonly circuit: PerPrompt;
    /** The model without the circuit. */
    readonly complement: PerPrompt;
  };
  /** What was drawn; null where nothing was. */
  readonly draws: Draws | null;
  readonly levels: TestLevels;
}

export interface JudgeSetting {
  readonly metric: MetricName;
  readonly pairs: readonly PromptPair[];
  /** Of everything that is drawn. */
  readonly seed: number;
  /** Draws that are there already. What is missing is drawn. */
  readonly draws?: Partial<Draws> | undefined;
  readonly levels?: TestLevels | undefined;
  readonly magnitudes?: Judged['magnitudes'];
  readonly onProgress?: ((progress: JudgeProgress) => void) | undefined;
}

/**
 * Judges a circuit. Cost: four evaluations, and what each judgement says.
 *
 * @param names in any order; the verdicts come in the order of JUDGEMENTS.
 * @throws EdgewiseError: usage where one says nothing by the metric, circuit where a draw cuts an edge of the circuit.
 */
export async function judgeCircuit(
  evaluator: JudgeEvaluator,
  kept: EdgeSet,
  names: readonly JudgementName[],
  { metric, pairs, seed, draws: given = {}, levels = DEFAULT_LEVELS, magnitudes = null, onProgress }: JudgeSetting,
): Promise<Judgements> {
  refuseMeaningless(names, metric);
  refuseOldEdges(kept, given);
  let drawn: Draws | null = null;
  const draws = (): Draws => (drawn ??= drawAll(kept, pairs.length, seed, given));
  const passes = new Passes(evaluator, metric, onProgress);
  const runs = await baseRuns(passes, kept);
  let random: Promise<readonly PerPrompt[]> | undefined;
  const randomRuns = () => (random ??= passes.losses(draws().randomCircuits.map((ids) => circuitOf(kept, ids))));
  const judged: Judged = { ...runs, kept, metric, pairs, passes, seed, draws, randomRuns, levels, magnitudes };
  const verdicts: NamedVerdict[] = [];
  for (const name of JUDGEMENT_NAMES.filter((one) => names.includes(one))) {
    passes.begin(name, 1);
    verdicts.push({ name, ...(await (JUDGEMENTS[name] as Judgement).judge(judged)) });
  }
  const { found: circuit, whole, empty, complement } = runs;
  return { metric, verdicts, perPrompt: { whole, empty, circuit, complement }, draws: drawn, levels };
}

/** An inflation cuts an edge that it added. */
function refuseOldEdges(kept: EdgeSet, { inflations = [] }: Partial<Draws>): void {
  const old = inflations.findIndex(({ removed }) => kept.has(removed));
  if (old < 0) return;
  const name = kept.topology.edgeName(inflations[old]!.removed);
  throw new EdgewiseError(
    'circuit',
    `inflations[${old}].removed`,
    `${name} is an edge of the circuit, expected a new one`,
  );
}
