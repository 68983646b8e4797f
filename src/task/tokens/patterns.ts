import { SplitPreTokenizer } from '@huggingface/tokenizers';

import type { StageReader } from './stage-reader.js';

// Character classes of the Rust library. JavaScript's own \s, \w and \d mean other characters.

/** `char::is_whitespace`. */
export const SPACE = '\\p{White_Space}';
/** `\w` of Rust's regular expressions, without the brackets. */
export const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
/** ASCII punctuation (which includes signs such as `$` and `+`) and all other punctuation. */
export const PUNCTUATION = '[\\p{P}!-\\/:-@\\[-`\\{-~]';

const BLANK = new RegExp(`^${SPACE}$`, 'u');

/** Where the blanks begin that end at `end`, not before `least`. A loop, because an expression takes quadratic time. */
export function blanksBefore(text: string, end: number, least = 0): number {
  let start = end;
  while (start > least && BLANK.test(text.charAt(start - 1))) start--;
  return start;
}

/** Where the blanks end that begin at `start`. */
export function blanksBehind(text: string, start: number): number {
  let end = start;
  while (end < text.length && BLANK.test(text.charAt(end))) end++;
  return end;
}

/**
 * The `pattern` of a stage: a string, taken literally, or a regular expression of Oniguruma, which the tokenizer
 * library rewrites. Matches are global.
 *
 * @throws EdgewiseError of kind config for an expression that JavaScript cannot follow.
 */
export function patternOf(stage: StageReader): RegExp {
  const pattern = stage.value('pattern');
  if (typeof pattern === 'object' && pattern !== null) {
    if ('String' in pattern && typeof pattern.String === 'string') return literally(pattern.String);
    if ('Regex' in pattern && typeof pattern.Regex === 'string') return compile(pattern.Regex, stage);
  }
  return stage.fail('pattern', 'an object with a String or a Regex');
}

/** Matches the text itself. An empty text matches nowhere. */
export function literally(text: string): RegExp {
  return text === '' ? /(?!)/gu : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
}

function compile(source: string, stage: StageReader): RegExp {
  if (source.includes('(?>'))
    stage.fail('pattern', 'an expression without atomic groups, which JavaScript does not have');
  let pattern: RegExp | null;
  try {
    ({ pattern } = new SplitPreTokenizer({ type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' }));
  } catch (cause) {
    return stage.fail('pattern', `an expression that JavaScript can follow (${(cause as Error).message})`);
  }
  return pattern ?? stage.fail('pattern', 'a regular expression');
}
