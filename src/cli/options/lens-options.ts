import { InvalidArgumentError, Option } from 'commander';
import { quote } from '../../base/text.js';
import { EdgewiseError } from '../../base/errors.js';
import { LENS_PARTS, type LensPart } from '../../files/own/lens-json.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import { LENS_DEFAULTS } from '../../run/lens.js';
import { helpList } from '../report/help-list.js';
import { count, nonEmpty } from './options.js';

/** Flags of `lens` beside those of model, task and circuit. */
export interface LensFlags {
  readonly only?: readonly LensPart[];
  readonly neurons: boolean;
  readonly strongest: number;
  readonly words?: readonly string[];
  readonly distance: number;
  readonly text?: string;
  readonly without?: readonly string[];
}

const ABOUT: Readonly<Record<LensPart, string>> = {
  logit_lens: 'what the residual stream predicts before every layer, and the rank of the answer',
  direct_attribution: 'what every writer and every constant adds to the logit difference',
  ov_qk: 'what each head writes for tokens and looks for in them, by its weights',
  ffn_values: 'the MLP neurons that add most, and the tokens of their value vectors',
  head_detectors: 'how much each head attends to previous tokens, duplicates, and what followed them',
  hit_at_k: 'how often a right answer is among the first k, in the model and in --circuit',
  triggers: 'where the neurons of ffn_values are most active in --text',
  neuron_increase: "what each neuron adds to the answer's log-probability, also --without heads",
};

export const lensOptions = (): Option[] => [
  new Option('--only <parts>', 'what is looked at, part,part, see below')
    .argParser(partsOf)
    .default(undefined, 'all that the task and the model allow; the last two where their option is given'),
  new Option('--neurons', 'direct_attribution: also of every neuron').default(false),
  new Option('--strongest <n>', 'ffn_values: how many neurons of a layer are told')
    .argParser(count(1))
    .default(LENS_DEFAULTS.strongest),
  new Option('--words <a,b>', "ov_qk: tokens, by their ids or as texts, as in ' Mary, John'")
    .argParser((text) => text.split(',').map(nonEmpty))
    .default(undefined, "the clean prompts'"),
  new Option('--distance <n>', 'ov_qk: how many tokens before the query the key stands; matters to rotary positions')
    .argParser(count(0))
    .default(LENS_DEFAULTS.distance),
  new Option('--text <file>', 'triggers: a file of texts, one a line').argParser(nonEmpty),
  new Option('--without <heads>', 'neuron_increase: heads that a second run is without, as in a1.h2,a3.h0').argParser(
    (text) => text.split(',').map((name) => nonEmpty(name).trim()),
  ),
];

export const lensHelp = (): string => `Parts:\n${helpList(LENS_PARTS.map((name) => [name, ABOUT[name]] as const))}`;

function partsOf(text: string): readonly LensPart[] {
  return text.split(',').map((part) => {
    const name = LENS_PARTS.find((one) => one === part.trim().replaceAll('-', '_'));
    if (name) return name;
    throw new InvalidArgumentError(`${quote(part)} is no part. Expected some of ${LENS_PARTS.join(', ')}.`);
  });
}

/**
 * Ids of `--words`.
 *
 * @throws EdgewiseError of kind usage that names a text which is no token.
 */
export function wordIds(words: readonly string[], tokenText: TokenText | undefined, vocab: number): number[] {
  const wanted = new Set(words.filter((word) => !/^\d+$/.test(word)));
  const ids = new Map<string, number>();
  for (let id = 0; tokenText && wanted.size > ids.size && id < vocab; id++) {
    const text = tokenText(id);
    if (wanted.has(text) && !ids.has(text)) ids.set(text, id);
  }
  return words.map((word) => {
    const id = wanted.has(word) ? ids.get(word) : Number(word);
    if (id !== undefined) return id;
    throw new EdgewiseError('usage', '--words', `${quote(word)} is no token of the model, expected ids or tokens`);
  });
}
