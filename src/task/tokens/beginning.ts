import type { BosRule } from '../../base/bos-rule.js';
import { EdgewiseError } from '../../base/errors.js';
import { oneLine, quote } from '../../base/text.js';
import type { NamedToken } from './side-files.js';

/**
 * The beginning-of-text token in front of a text. `auto`: what the tokenizer puts there itself, or else the token of
 * the config. `yes`: the same, and there must be one. `no`: nothing. A number: the token with that id, and nothing
 * else.
 */
export type BosMode = 'auto' | 'yes' | 'no' | number;

/** What is put in front of every text, and why. */
export interface Beginning {
  readonly ids: readonly number[];
  /** The file or option that says so; null where nothing is put. */
  readonly from: string | null;
  /** What the files disagree on. */
  readonly notes: readonly string[];
  /** Why texts are refused; null where they are not. */
  readonly problem: EdgewiseError | null;
}

/** What the files of a model say of the beginning-of-text token. */
export interface BosSources {
  /** Special tokens that the tokenizer itself puts before every text. */
  readonly prefix: readonly number[];
  /** The tokenizer's file, for messages. */
  readonly where: string;
  /** `bos_token_id` of config.json. */
  readonly configId: number | null;
  /** `bos_token` of other files. */
  readonly named: readonly NamedToken[];
  /** `add_bos_token` of tokenizer_config.json. */
  readonly addBos: boolean | null;
  /** Whether the class that tokenizer_config.json names puts the token before texts. */
  readonly classAddsBos: boolean | null;
  readonly rule: BosRule;
  readonly idOf: (token: string) => number | undefined;
  /** The token's text; undefined where the tokenizer has no such id. */
  readonly textOf: (id: number) => string | undefined;
  /** Whether a file of the tokenizer marks it as special. */
  readonly isSpecial: (id: number) => boolean;
  /** Whether these files mark any token as special. */
  readonly marksAny: boolean;
}

const CONFIG = 'config.json';

/**
 * Compares what the files say, and decides.
 *
 * @throws EdgewiseError of kind usage: `yes` where no file names a token, an id that the tokenizer does not have.
 */
export function beginningOf(bos: BosMode, sources: BosSources): Beginning {
  if (bos === 'no') return nothing();
  if (typeof bos === 'number') {
    if (sources.textOf(bos) === undefined)
      throw new EdgewiseError('usage', '--bos', `the tokenizer has no token ${bos}`);
    return { ...nothing(), ids: [bos], from: '--bos' };
  }
  if (sources.prefix.length > 0) return ofTokenizer(sources);
  const { configId, named, rule } = sources;
  const addBos = rule === 'config' ? sources.addBos : addsBos(sources);
  if (bos === 'auto' && rule !== 'config' && addBos === false) return leftOut(sources);
  const other = named.find(({ token }) => sources.idOf(token) !== undefined);
  if (configId === null) {
    if (bos === 'yes' && other === undefined) {
      throw new EdgewiseError('usage', '--bos', 'yes needs a bos_token_id in the config, which has none');
    }
    if (other === undefined) return nothing();
    const id = sources.idOf(other.token)!;
    if (bos === 'yes' || addBos === true) return { ...nothing(), ids: [id], from: other.where };
    const names = `${baseName(other.where)} names ${shown(id, sources)} as the beginning of a text, ${CONFIG} none`;
    return {
      ...nothing(),
      notes: [`${names}: nothing is put in front of texts (${choices([id], sources)} says otherwise)`],
    };
  }
  if (!sources.isSpecial(configId) && (sources.marksAny || sources.textOf(configId) === undefined)) {
    return { ...nothing(), problem: refusal(configId, sources) };
  }
  const says = sources.marksAny ? disagreement(configId, sources) : unmarked(configId, sources);
  return { ids: [configId], from: CONFIG, notes: says === null ? [] : [says], problem: null };
}

function addsBos({ addBos, classAddsBos, rule }: BosSources): boolean {
  return addBos ?? classAddsBos ?? rule === 'class-does';
}

/** Other programs may put the config's token before texts: that it is not done here is told unless a file says so. */
function leftOut(sources: BosSources): Beginning {
  const { configId, addBos, where, textOf } = sources;
  if (addBos === false || configId === null || textOf(configId) === undefined) return nothing();
  const names = `${CONFIG} names ${shown(configId, sources)} as the beginning of a text, ${baseName(where)} does not put it`;
  return {
    ...nothing(),
    notes: [`${names} there: nothing is put in front of texts (${choices([configId], sources)} says otherwise)`],
  };
}

function nothing(): Beginning {
  return { ids: [], from: null, notes: [], problem: null };
}

function ofTokenizer(sources: BosSources): Beginning {
  const { prefix, configId, where } = sources;
  const known = configId === null || prefix.includes(configId);
  const put = prefix.map((id) => shown(id, sources)).join(', ');
  const contradicted =
    sources.addBos === false && sources.rule !== 'config'
      ? [
          `tokenizer_config.json has add_bos_token false, ${baseName(where)} puts ${put} there: ${put} is used (--bos no says otherwise)`,
        ]
      : [];
  const told = known
    ? contradicted
    : [
        `${CONFIG} names ${shown(configId, sources)} as the beginning of a text, ${baseName(where)} puts ${put} there: ` +
          `${put} is used (${choices([configId], sources)} says otherwise)`,
      ];
  return { ids: prefix, from: where, notes: told, problem: null };
}

/** A word that stands in front of every text would change all numbers, and nobody would notice. */
function refusal(id: number, sources: BosSources): EdgewiseError {
  const { named, where, textOf, idOf } = sources;
  const text = textOf(id);
  const file = baseName(where);
  const what =
    text === undefined
      ? `bos_token_id ${id} is no token of ${file}`
      : `bos_token_id ${id} is ${quote(text)}, which ${file} does not mark as special`;
  const others = named.flatMap(({ where: from, token }) => {
    const other = idOf(token);
    return other === undefined || other === id ? [] : [{ from: baseName(from), other }];
  });
  const says = others.map(({ from, other }) => `; ${from} names ${shown(other, sources)}`);
  const ids = [...others.map(({ other }) => other), ...(text === undefined ? [] : [id])];
  return new EdgewiseError(
    'config',
    CONFIG,
    `${what}${[...new Set(says)].join('')}; choose with ${choices(ids, sources)}`,
  );
}

/** A tokenizer that marks no token as special cannot tell a word from one. */
function unmarked(id: number, sources: BosSources): string {
  return (
    `${CONFIG} names ${shown(id, sources)} as the beginning of a text, and ${baseName(sources.where)} marks no token as ` +
    `special: ${quote(sources.textOf(id))} is put in front of every text (${choices([], sources)} says otherwise)`
  );
}

/** Both are special, so the config's stays; the other is said. */
function disagreement(id: number, sources: BosSources): string | null {
  const other = sources.named.find(({ token }) => sources.idOf(token) !== id);
  if (other === undefined) return null;
  const otherId = sources.idOf(other.token);
  const name = otherId === undefined ? `${quote(other.token)}, no token` : shown(otherId, sources);
  const choice = otherId === undefined ? choices([], sources) : choices([otherId], sources);
  return (
    `${CONFIG} names ${shown(id, sources)} as the beginning of a text, ${baseName(other.where)} ${name}: ` +
    `${quote(sources.textOf(id))} is used (${choice} says otherwise)`
  );
}

/** `0 ("<s>")` */
function shown(id: number, { textOf }: BosSources): string {
  const text = textOf(id);
  return text === undefined ? `${id} (no token)` : `${id} (${quote(text)})`;
}

/** `--bos no, --bos 0 or --bos "<s>"`. A text that a shell would read otherwise is left out. */
function choices(ids: readonly number[], { textOf, idOf }: BosSources): string {
  const options = [...new Set(ids)].flatMap((id) => {
    const text = textOf(id);
    const byText =
      text !== undefined && idOf(text) === id && !/["$`\\!]/.test(text) && oneLine(text) === text
        ? [`--bos "${text}"`]
        : [];
    return text === undefined ? [] : [`--bos ${id}`, ...byText];
  });
  const all = ['--bos no', ...options];
  return all.length === 1 ? '--bos no' : `${all.slice(0, -1).join(', ')} or ${all.at(-1) ?? ''}`;
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
