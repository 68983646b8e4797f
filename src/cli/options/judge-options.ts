import { InvalidArgumentError, Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import { RANKINGS, type Ranking } from '../../judge/areas.js';
import {
  JUDGEMENT_NAMES,
  JUDGEMENTS,
  judgementsBy,
  refuseMeaningless,
  type Judgement,
  type JudgementName,
} from '../../judge/judgements.js';
import type { MetricName } from '../../readout/metrics.js';
import { helpList } from '../report/help-list.js';
import { nonEmpty } from './options.js';

/** A name for `--measures`: a judgement of the circuit, or the areas of scores. */
type Named = JudgementName | 'areas';
const NAMES: readonly Named[] = [...JUDGEMENT_NAMES, 'areas'];

/** Flags of `evaluate` beside those of the evaluation itself. */
export interface JudgeFlags {
  readonly circuit?: string;
  readonly measures?: 'all' | readonly Named[];
  readonly scores?: string;
  readonly sign?: 'helps' | 'hurts';
  readonly selection?: Ranking;
  readonly against?: string;
  readonly draws?: string;
  readonly writeDraws?: string;
  readonly out?: string;
}

function measuresOf(text: string): NonNullable<JudgeFlags['measures']> {
  if (text === 'all') return 'all';
  return text.split(',').map((part) => {
    const name = NAMES.find((one) => one === part.trim());
    if (name) return name;
    throw new InvalidArgumentError(`${quote(part)} is no measure. Expected all, or some of ${NAMES.join(', ')}.`);
  });
}

export const judgeOptions = (): Option[] => [
  new Option('--measures <names>', 'what else is measured: all, or a list of names, see below').argParser(measuresOf),
  new Option(
    '--scores <path>',
    'areas: scores to choose circuits of ten sizes from, in any format that is read',
  ).argParser(nonEmpty),
  new Option('--sign <meaning>', 'what a positive score means: the edge helps the task, or hurts it').choices([
    'helps',
    'hurts',
  ]),
  new Option('--selection <by>', 'areas: rank edges by the score itself (signed) or by |score| (absolute)')
    .choices(RANKINGS)
    .default(undefined, 'both'),
  new Option('--against <path>', 'areas: a circuit whose edges are the true ones, for the ROC curve').argParser(
    nonEmpty,
  ),
  new Option('--draws <path>', 'what the tests draw at random, as JSON')
    .argParser(nonEmpty)
    .default(undefined, 'by --seed'),
  new Option('--write-draws <path>', 'write what was drawn, as --draws reads it').argParser(nonEmpty),
  new Option('--out <folder>', 'write report.json into it, and report.html, which shows it').argParser(nonEmpty),
];

/** What the names of `--measures` stand for. */
export function measuresHelp(): string {
  const judgements = JUDGEMENT_NAMES.map((name) => [name, (JUDGEMENTS[name] as Judgement).about] as const);
  const areas = ['areas', "CPR, CMD and their kin for --scores, at MIB's ten fractions; 20 evaluations"] as const;
  return `Measures (docs/measures.md has definitions and sources):\n${helpList([...judgements, areas])}`;
}

/**
 * Options that do not go with one another.
 *
 * @throws EdgewiseError of kind usage that names the option.
 */
export function checkJudgeFlags(flags: JudgeFlags): void {
  const { measures, scores } = flags;
  const refuse = (option: string, what: string): never => {
    throw new EdgewiseError('usage', option, what);
  };
  if (scores === undefined) {
    for (const option of ['sign', 'selection', 'against'] as const) {
      if (flags[option] !== undefined) refuse(`--${option}`, 'goes with --scores');
    }
    if (measures?.includes('areas') && measures !== 'all') refuse('--measures areas', 'needs --scores');
  } else if (measures !== undefined && measures !== 'all' && !measures.includes('areas')) {
    refuse('--scores', 'is for the measure areas, which --measures does not name');
  }
  const judges = measures !== undefined && (measures === 'all' ? scores === undefined : measures.some(isJudgement));
  if (judges && flags.circuit === undefined) refuse('--circuit', 'is needed');
  for (const [option, given] of [
    ['--draws', flags.draws],
    ['--write-draws', flags.writeDraws],
  ] as const) {
    if (given !== undefined && (measures === undefined || flags.circuit === undefined)) {
      refuse(option, 'goes with --measures of a --circuit');
    }
  }
  if (flags.out !== undefined && measures === undefined && scores === undefined)
    refuse('--out', 'goes with --measures');
}

/**
 * The judgements that are asked for.
 *
 * @throws EdgewiseError of kind usage where one that was named says nothing by the metric. Of `all` it is left out.
 */
export function judgementsAsked({ measures, circuit }: JudgeFlags, metric: MetricName): JudgementName[] {
  if (measures === undefined || circuit === undefined) return [];
  if (measures === 'all') return judgementsBy(metric);
  const names = measures.filter(isJudgement);
  refuseMeaningless(names, metric);
  return names;
}

function isJudgement(name: Named): name is JudgementName {
  return name !== 'areas';
}
