import { InvalidArgumentError, Option } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { circuitFromScores } from '../../circuit/scored-circuit.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { Scores } from '../../circuit/scores.js';
import { describeTies, select, type Selection, type SelectionRule } from '../../discover/select.js';
import { note } from '../report/progress.js';
import { finiteNumber } from './options.js';

export interface SelectionOptions<Choice = ChosenRule> {
  readonly select?: Choice;
  readonly signed: boolean;
  /** Commander's name for what --no-prune turns off. */
  readonly prune: boolean;
}

/** A choice from scores. */
export interface ChosenRule {
  readonly rule: SelectionRule['rule'];
  readonly limit: number;
}

/** A choice from the curve of a circuit: by its size, or by how faithful it is. */
export interface ChosenSize {
  readonly rule: 'circuit' | 'faithfulness';
  readonly limit: number;
}

const RULES = ['top', 'threshold', 'greedy', 'top-nodes'] as const;
const RULES_ABOUT =
  'choose the circuit from the scores: top:N edges, threshold:X (and above), greedy:N from the logits down, or top-nodes:N with all their edges';

/** How a circuit is chosen from scores: by |score|, as EAP-IG does, unless --signed. */
export const selectionOptions = (): Option[] => [
  new Option('--select <rule>', RULES_ABOUT).argParser((text) => parseRule(text, RULES)),
  ...basisOptions(),
];

/** The same, and how a smaller circuit is chosen from a measured one. */
export const selectionOrSizeOptions = (): Option[] => [
  new Option(
    '--select <rule>',
    `${RULES_ABOUT}; or, of a circuit with its curve, by the effect in the circuit: circuit:N edges at most, or faithfulness:X and no more`,
  ).argParser((text) => parseRule(text, [...RULES, 'circuit', 'faithfulness'])),
  ...basisOptions(),
];

const basisOptions = (): Option[] => [
  new Option('--absolute', 'choose by |score|, which is the default').conflicts('signed').default(false),
  new Option('--signed', 'choose by score instead of |score|: what helps most first, what hurts last')
    .conflicts('absolute')
    .default(false),
  new Option('--no-prune', 'keep chosen edges that are not connected with both input and logits'),
];

function parseRule<Rule extends string>(
  text: string,
  rules: readonly Rule[],
): { readonly rule: Rule; readonly limit: number } {
  const [name, number, ...rest] = text.split(':');
  const rule = rules.find((known) => known === name);
  if (rule === undefined || number === undefined || rest.length > 0) {
    throw new InvalidArgumentError(`Expected one of ${rules.map((known) => `${known}:<number>`).join(', ')}.`);
  }
  const limit = finiteNumber(number);
  if (rule === 'faithfulness') {
    if (limit > 0 && limit <= 1) return { rule, limit };
    throw new InvalidArgumentError('Expected a number above 0 and at most 1.');
  }
  if (rule !== 'threshold' && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new InvalidArgumentError('Expected a whole number.');
  }
  return { rule, limit };
}

/** Whether a choice goes by the curve of a circuit. */
export function isOnCurve(choice: ChosenRule | ChosenSize): choice is ChosenSize {
  return choice.rule === 'circuit' || choice.rule === 'faithfulness';
}

/** @throws EdgewiseError of kind usage where an option is given that needs --select. */
export function assertSelection({ select: rule, signed, prune }: SelectionOptions<object>, elsewhere = false): void {
  if (rule !== undefined || elsewhere) return;
  if (signed) throw new EdgewiseError('usage', '--signed', 'says how --select chooses, which is not given');
  if (!prune) throw new EdgewiseError('usage', '--no-prune', 'says what follows on --select, which is not given');
}

/**
 * The circuit that the options choose. A choice through equal scores is told.
 *
 * @throws EdgewiseError of kind usage for a signed choice from scores whose sign nobody knows.
 */
export function chooseCircuit(
  scores: Scores,
  { rule, limit }: ChosenRule,
  options: SelectionOptions<object>,
): { readonly circuit: Circuit; readonly selection: Selection } {
  if (options.signed) assertSignKnown(scores, '--signed');
  const basis = { absolute: !options.signed, prune: options.prune };
  const selection = select(scores, selectionRule(rule, limit, basis));
  for (const tie of describeTies(selection)) note(`note: ${tie}`);
  return { circuit: circuitFromScores(scores, selection), selection };
}

/** @throws EdgewiseError of kind usage that names `option`, where nobody knows what a positive score means. */
export function assertSignKnown({ positive }: Scores, option: string): void {
  if (positive !== null) return;
  const how = 'say it to import, with --sign helps or --sign hurts';
  throw new EdgewiseError('usage', option, `the file does not say what a positive score means; ${how}`);
}

function selectionRule(
  rule: SelectionRule['rule'],
  limit: number,
  basis: { readonly absolute: boolean; readonly prune: boolean },
): SelectionRule {
  switch (rule) {
    case 'threshold':
      return { ...basis, rule, threshold: limit };
    case 'top-nodes':
      return { ...basis, rule, nodes: limit };
    default:
      return { ...basis, rule, edges: limit };
  }
}
