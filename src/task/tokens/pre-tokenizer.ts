import { byteLevelSpelling } from './byte-level.js';
import { literally, patternOf, PUNCTUATION, SPACE, WORD } from './patterns.js';
import { BEHAVIORS, split, type Piece } from './split.js';
import { StageReader } from './stage-reader.js';

/** Cuts a text into the words that the model takes one by one. */
export type PreTokenizer = (piece: Piece) => Piece[];

/** GPT-2's own expression (openai/gpt-2, src/encoder.py), with the white space of Unicode. */
const GPT2_WORDS = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACE}\\p{L}\\p{N}]+|${SPACE}+(?!\\P{White_Space})|${SPACE}+`,
  'gu',
);
const BLANK = new RegExp(SPACE, 'gu');
const WORDS_OR_SIGNS = new RegExp(`[${WORD}]+|[^${WORD}${SPACE}]+`, 'gu');
const SIGN = new RegExp(PUNCTUATION, 'gu');

/**
 * Reads the `pre_tokenizer` of a tokenizer.json. Each stage does what the Rust library's does.
 *
 * @param keepsStart whether the normalizer leaves the start of a text in its place.
 * @param where the file, for messages.
 * @throws EdgewiseError of kind config that names a stage which is not supported.
 */
export function readPreTokenizer(json: unknown, keepsStart: boolean, where: string): PreTokenizer {
  return json === null ? (piece) => [piece] : build(new StageReader(json, `${where}: pre_tokenizer`), keepsStart);
}

function build(stage: StageReader, keepsStart: boolean): PreTokenizer {
  switch (stage.type) {
    case 'Sequence':
      return chain(
        stage.stages('pretokenizers').map((child) => build(child, keepsStart)),
        stage,
      );
    case 'ByteLevel':
      return byteLevel(stage.flag('add_prefix_space', false), stage.flag('use_regex', true));
    case 'Metaspace':
      return metaspace(stage, keepsStart);
    case 'Split':
      return split(patternOf(stage), stage.choice('behavior', BEHAVIORS), stage.flag('invert', false));
    case 'Punctuation':
      return split(SIGN, stage.choice('behavior', BEHAVIORS, 'Isolated'));
    case 'Digits':
      return split(/\p{N}/gu, stage.flag('individual_digits', false) ? 'Isolated' : 'Contiguous');
    case 'Whitespace':
      return split(WORDS_OR_SIGNS, 'Removed', true);
    case 'WhitespaceSplit':
      return split(BLANK, 'Removed');
    case 'BertPreTokenizer':
      return chain([split(BLANK, 'Removed'), split(SIGN, 'Isolated')], stage);
    case 'CharDelimiterSplit':
      return split(literally(oneCharacter('delimiter', stage)), 'Removed');
    case 'FixedLength':
      return fixedLength(stage.count('length', 1, 5));
    default:
      return stage.refuse('is a pre-tokenizer that is not supported');
  }
}

function chain(stages: readonly PreTokenizer[], whole: StageReader): PreTokenizer {
  return (piece) =>
    stages.reduce<Piece[]>(
      (pieces, stage) => {
        const cut = pieces.flatMap(stage);
        whole.limit(cut.reduce((sum, { text }) => sum + text.length, 0));
        return cut;
      },
      [piece],
    );
}

/** Words of as many code points each. */
function fixedLength(length: number): PreTokenizer {
  return ({ text, first }) => {
    const points = Array.from(text);
    return Array.from({ length: Math.ceil(points.length / length) }, (_, i) => ({
      text: points.slice(i * length, (i + 1) * length).join(''),
      first: first && i === 0,
    }));
  };
}

function byteLevel(prefixSpace: boolean, words: boolean): PreTokenizer {
  const cut = split(GPT2_WORDS, 'Isolated');
  return ({ text, first }) => {
    const whole = { text: prefixSpace && !text.startsWith(' ') ? ` ${text}` : text, first };
    const pieces = words ? cut(whole) : [whole];
    return pieces.map((piece) => ({ text: byteLevelSpelling(piece.text), first: piece.first }));
  };
}

function oneCharacter(key: string, stage: StageReader, absent?: string): string {
  const text = stage.text(key, absent);
  return text.length <= 2 && Array.from(text).length === 1 ? text : stage.fail(key, 'one character');
}

/** SentencePiece's way: blanks become a visible sign, and words begin with it. */
function metaspace(stage: StageReader, keepsStart: boolean): PreTokenizer {
  const sign = oneCharacter('replacement', stage, '▁');
  // Older files have `add_prefix_space` alone.
  const absent = stage.flag('add_prefix_space', true) ? 'always' : 'never';
  const scheme = stage.choice('prepend_scheme', ['always', 'never', 'first'], absent);
  if (scheme === 'first' && !keepsStart) {
    stage.refuse('with prepend_scheme first is not supported behind a normalizer that changes the start of a text');
  }
  const cut = stage.flag('split', true) ? split(literally(sign), 'MergedWithNext') : (piece: Piece) => [piece];
  return ({ text, first }) => {
    const signed = text.replaceAll(' ', () => sign);
    const prepend = !signed.startsWith(sign) && (scheme === 'always' || (scheme === 'first' && first));
    return cut({ text: prepend ? sign + signed : signed, first });
  };
}
