import { quote } from '../../base/text.js';
import { hasPrefixSpace, parseObject, type NamedText, type TokenizerJson } from './tokenizer-json.js';

/** What one file says of the beginning-of-text token. */
export interface NamedToken {
  /** Path of the file, for messages. */
  readonly where: string;
  readonly token: string;
}

/** What the files beside a tokenizer say about it. */
export interface SideFiles {
  /** Each file that names a `bos_token`. */
  readonly bos: readonly NamedToken[];
  /** Texts that these files name as special tokens. */
  readonly special: ReadonlySet<string>;
  /** `add_bos_token` of tokenizer_config.json. */
  readonly addBos: boolean | null;
  /** Whether the `tokenizer_class` of tokenizer_config.json puts that token before texts unless told otherwise. */
  readonly classAddsBos: boolean | null;
  /** `add_prefix_space` of tokenizer_config.json. */
  readonly prefixSpace: boolean | null;
  /** Tokens of `added_tokens_decoder` of tokenizer_config.json. */
  readonly added: readonly string[];
}

/** Classes of the transformers library whose `add_bos_token` is true where a file does not have it. */
const CLASSES_WITH_BOS = /^(Llama|CodeLlama|Gemma)Tokenizer(Fast)?$/;

/**
 * Reads tokenizer_config.json and special_tokens_map.json, null where there is none.
 *
 * @throws EdgewiseError of kind config, naming a file that is no JSON object.
 */
export function readSideFiles(config: NamedText | null, map: NamedText | null): SideFiles {
  const files = [config, map].flatMap((file) =>
    file === null ? [] : [{ where: file.where, json: parseObject(file) }],
  );
  const settings = config === null ? {} : (files[0]?.json ?? {});
  const flag = (key: string): boolean | null => (typeof settings[key] === 'boolean' ? settings[key] : null);
  const className = typeof settings['tokenizer_class'] === 'string' ? settings['tokenizer_class'] : undefined;
  const decoder = Object.values(objectOf(settings['added_tokens_decoder']));
  return {
    bos: files.flatMap(({ where, json }) => contentsOf(json['bos_token']).map((token) => ({ where, token }))),
    special: new Set([
      ...files.flatMap(({ json }) => namedTokens(json)),
      ...decoder.filter((token) => objectOf(token)['special'] === true).flatMap(contentsOf),
    ]),
    addBos: flag('add_bos_token'),
    classAddsBos: className === undefined ? null : CLASSES_WITH_BOS.test(className),
    prefixSpace: flag('add_prefix_space'),
    added: decoder.flatMap(contentsOf),
  };
}

/** What tokenizer_config.json says against the tokenizer's own file, which is followed. One sentence each. */
export function disagreements(side: SideFiles, json: TokenizerJson, where: string): string[] {
  const notes: string[] = [];
  const own = hasPrefixSpace(json.preTokenizer);
  if (side.prefixSpace !== null && own !== null && side.prefixSpace !== own) {
    notes.push(`${where} is followed: add_prefix_space is ${own} there, ${side.prefixSpace} in tokenizer_config.json`);
  }
  const contents = new Set(json.added.map(({ content }) => content));
  const [absent, ...more] = side.added.filter((content) => !contents.has(content));
  if (absent !== undefined) {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    notes.push(`${where} is followed: it has no added token ${quote(absent)}${others} of tokenizer_config.json`);
  }
  return notes;
}

/** Tokens under keys such as `eos_token` and `additional_special_tokens`. */
export function namedTokens(json: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(json).filter((key) => /_tokens?$/.test(key));
  return keys.flatMap((key) => contentsOf(json[key]));
}

/** A token is written as its text, or as an object with the text as `content`; several as a list. */
function contentsOf(value: unknown): string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((token) => {
    const content = typeof token === 'string' ? token : objectOf(token)['content'];
    return typeof content === 'string' && content !== '' ? [content] : [];
  });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
