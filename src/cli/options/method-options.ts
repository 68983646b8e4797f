import { Option } from 'commander';
import { BACKWARD_MODES, SCOPES, type GradientOptions } from '../../attribute/methods.js';
import { EdgewiseError } from '../../base/errors.js';
import { DEFAULT_STEPS, DEFAULT_STEP_RULE } from '../../attribute/options.js';
import { STEP_RULES, type SenderHeads } from '../../circuit/run-identity.js';
import { METHODS, type MethodName } from '../../run/methods/index.js';
import type { MetricName } from '../../readout/metrics.js';
import type { OptionName } from '../../run/options.js';
import { SCORING_METHODS, type ScoringMethod } from '../../run/scoring-methods.js';
import { count, type PatchingFlags } from './options.js';

/** Flags of `discover` and `attribute` that only some methods take, as commander gives them. */
export interface MethodFlags extends PatchingFlags, GradientOptions {
  readonly edges?: number;
  readonly greedy?: boolean;
  readonly screen?: number;
  readonly retest?: number;
  readonly compare?: boolean;
  readonly batch?: number;
  /** Path of a scores or circuit file. */
  readonly predict?: string;
  readonly directEdges?: boolean;
  readonly senderHeads?: SenderHeads;
  readonly resume: boolean;
  readonly keepBefore: boolean;
}

/** Flags that are not the option's name in kebab case. */
const OTHER_FLAGS: Readonly<Partial<Record<OptionName, string>>> = {
  absolute: '--abs',
  cutoff: '--screen',
  journal: '--resume',
};

/** The flag of an option: `--step-rule` for `stepRule`. */
export function flagOf(option: OptionName): string {
  return OTHER_FLAGS[option] ?? `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * What is done with a journal that lies in the folder.
 *
 * @throws EdgewiseError of kind usage where something is to be kept of a run that is not gone on with.
 */
export function journalFlags({ resume, keepBefore }: MethodFlags): Pick<MethodFlags, 'resume' | 'keepBefore'> {
  if (keepBefore && !resume) throw new EdgewiseError('usage', '--keep-before', 'goes with --resume');
  return { resume, keepBefore };
}

/** Whether a method chooses from scores. */
export function isScoring(method: MethodName): method is ScoringMethod {
  return Object.hasOwn(SCORING_METHODS, method);
}

/** The metric that a method goes by: as given, or its default; undefined for a method that measures nothing. */
export function metricOf(method: MethodName, given: MetricName | undefined): MetricName | undefined {
  const scoring = isScoring(method) ? SCORING_METHODS[method] : undefined;
  return scoring?.needs.metric === 'none' ? undefined : (given ?? METHODS[method].metric);
}

/** Every option that some method takes. */
const OPTIONS = new Set<OptionName>(
  [...Object.values(METHODS), ...Object.values(SCORING_METHODS)].flatMap(({ takes }) => takes),
);

/** The options that are given, by their names in the library. */
export function givenOptions(flags: object): Partial<Record<OptionName, unknown>> {
  const values = flags as Readonly<Record<string, unknown>>;
  const given = [...OPTIONS].map((option) => {
    const key = flagOf(option)
      .slice(2)
      .replace(/-[a-z]/g, (letter) => letter.slice(1).toUpperCase());
    return [option, values[key]] as const;
  });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== false));
}

/** Names of the methods that take an option, for help texts. */
const takers = (option: OptionName): string =>
  Object.values(SCORING_METHODS)
    .filter(({ takes }) => (takes as readonly OptionName[]).includes(option))
    .map(({ name }) => name)
    .join(', ');

export const gradientOptions = (): Option[] => [
  new Option('--steps <n>', `points of the interpolation, for ${takers('steps')}`)
    .argParser(count(1))
    .default(undefined, String(DEFAULT_STEPS)),
  new Option('--step-rule <rule>', `where the points lie, for ${takers('stepRule')}`)
    .choices(STEP_RULES)
    .default(undefined, DEFAULT_STEP_RULE),
  new Option('--scope <edges>', `which edges an interpolated group counts for, for ${takers('scope')}`)
    .choices(SCOPES)
    .default(undefined, 'group'),
  new Option('--backward <rule>', 'rule for the way back of gradients')
    .choices(BACKWARD_MODES)
    .default(undefined, 'plain'),
  new Option('--freeze-patterns', 'with --backward relp: attention patterns are constants').default(false),
  new Option('--grad-drop', 'with --backward atp-star: also score without the gradient of each layer').default(false),
];
