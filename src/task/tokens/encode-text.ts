import { EdgewiseError } from '../../base/errors.js';
import type { AddedToken } from './added-tokens.js';
import { findersOf } from './added-tokens.js';
import type { WordModel } from './model.js';
import type { Normalizer } from './normalizer.js';
import type { PreTokenizer } from './pre-tokenizer.js';
import { LONGEST_TEXT } from './stage-reader.js';

/** Stages of a tokenizer between a text and its ids. */
export interface EncodingStages {
  readonly added: readonly AddedToken[];
  readonly normalize: Normalizer;
  readonly preTokenize: PreTokenizer;
  readonly model: WordModel;
}

/** Ids of a text, without special tokens around it; null in place of what has no token. */
export type EncodeText = (text: string) => (number | null)[];

/** Is told of every text before it is cut into tokens, and after. Who watches can end what takes too long. */
export interface TextWatch {
  begin(text: string): void;
  end(): void;
}

/** Words whose ids are kept. Texts of a task have most of their words in common. */
const MOST_WORDS = 20_000;

/**
 * Puts the stages together in the Rust library's order: added tokens of the raw text, the normalizer on what lies
 * between them, added tokens of the normalized text, the pre-tokenizer on what lies between those, and the model on
 * each word.
 *
 * @param where the tokenizer's file, for messages.
 * @throws EdgewiseError of kind config where two added tokens are looked for by the same text.
 */
export function encoderOf(
  { added, normalize, preTokenize, model }: EncodingStages,
  where: string,
  watch?: TextWatch,
): EncodeText {
  const watched =
    <T>(use: (text: string) => T) =>
    (text: string): T => {
      watch?.begin(text);
      try {
        return use(text);
      } finally {
        watch?.end();
      }
    };
  const { raw, normalized } = findersOf(added, watched(normalize), where);
  const known = new Map<string, readonly (number | null)[]>();
  const encodeWord = (word: string): readonly (number | null)[] => {
    let ids = known.get(word);
    if (ids === undefined) {
      ids = model.encode(word);
      if (known.size >= MOST_WORDS) known.clear();
      known.set(word, ids);
    }
    return ids;
  };
  const encodeText = (text: string, first: boolean): (number | null)[] =>
    preTokenize({ text, first }).flatMap((word) => encodeWord(word.text));
  return watched((text) => {
    if (text.length > LONGEST_TEXT) {
      const [there, most] = [text.length, LONGEST_TEXT].map((length) => length.toLocaleString('en'));
      throw new EdgewiseError('task', where, `a text has ${there} characters, expected at most ${most}`);
    }
    return raw(text).flatMap((outer) => {
      if ('id' in outer) return [outer.id];
      return normalized(normalize(outer.text)).flatMap((inner) => {
        return 'id' in inner ? [inner.id] : encodeText(inner.text, outer.start === 0 && inner.start === 0);
      });
    });
  });
}
