import { SplitPreTokenizer } from '@huggingface/tokenizers';
import scslre from 'scslre';

import { firstLine, quote } from '../../base/text.js';
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
    const { String: text, Regex: expression }: { String?: unknown; Regex?: unknown } = pattern;
    const longest = Math.max(...[text, expression].map((value) => (typeof value === 'string' ? value.length : 0)));
    if (longest > LONGEST) stage.fail('pattern', `a pattern of at most ${LONGEST.toLocaleString('en')} characters`);
    if (typeof text === 'string') return literally(text);
    if (typeof expression === 'string') return compile(expression, stage);
  }
  return stage.fail('pattern', 'an object with a String or a Regex');
}

/** Matches the text itself. An empty text matches nowhere. */
export function literally(text: string): RegExp {
  return text === '' ? /(?!)/gu : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
}

/** Longest expression that is read. The longest public ones have a tenth of it. */
const LONGEST = 10_000;

function compile(source: string, stage: StageReader): RegExp {
  if (source.includes('(?>'))
    stage.fail('pattern', 'an expression without atomic groups, which JavaScript does not have');
  let pattern: RegExp | null;
  try {
    ({ pattern } = new SplitPreTokenizer({ type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' }));
  } catch (cause) {
    return stage.fail('pattern', `an expression that JavaScript can follow (${firstLine(cause)})`);
  }
  if (pattern === null) return stage.fail('pattern', 'a regular expression');
  refuseUnbounded(pattern, source, stage);
  return pattern;
}

/** A group that is repeated: without one, no expression takes exponential time. */
const REPEATED_GROUP = /\)(?:[*+]|\{\d*,?\d*\})/;

/**
 * Refuses an expression that takes exponential time, such as `(a+)+$`. Not every one is found: where a time limit is to
 * be had, it is set as well.
 */
function refuseUnbounded(pattern: RegExp, source: string, stage: StageReader): void {
  if (!REPEATED_GROUP.test(source)) return;
  const report = exponentialPart(pattern);
  if (report === undefined) return;
  stage.refuse(
    `has the expression ${quote(source)}, which takes exponential time for texts with ${quote(report.character.pick)} again and again; expected one without a repetition in a repetition`,
  );
}

function exponentialPart(pattern: RegExp): scslre.Report | undefined {
  try {
    return scslre.analyse(pattern, { reportTypes: { Move: false } }).reports.find(({ exponential }) => exponential);
  } catch {
    // It gives up on expressions that make too large an automaton.
    return undefined;
  }
}
