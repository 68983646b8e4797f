import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import type { Normalizer } from './normalizer.js';
import { blanksBefore, blanksBehind, WORD } from './patterns.js';

/** A token that is looked for in the text before the model sees it, as `added_tokens` of a tokenizer.json has it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no part of a word stands beside it. */
  readonly single_word: boolean;
  /** Takes the blanks before it, or behind it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalized text, by its normalized content. */
  readonly normalized: boolean;
  /** Such as the beginning of a text: no part of a text in words. */
  readonly special: boolean;
}

/** A stretch of a text: either an added token or what is left for the model. */
export type Stretch = { readonly id: number } | { readonly text: string; readonly start: number };

/** Finds added tokens in a text. */
export type Finder = (text: string) => Stretch[];

interface TrieNode {
  readonly next: Map<string, TrieNode>;
  token: AddedToken | undefined;
}

const WORD_BEFORE = new RegExp(`[${WORD}]$`, 'u');
const WORD_BEHIND = new RegExp(`^[${WORD}]`, 'u');

/**
 * Finds tokens that are looked for in the raw text, and in the normalized text.
 *
 * @param where the file, for messages.
 * @throws EdgewiseError of kind config where two tokens are looked for by the same text. Which of them the Rust library
 *   finds differs from run to run.
 */
export function findersOf(
  tokens: readonly AddedToken[],
  normalize: Normalizer,
  where: string,
): { readonly raw: Finder; readonly normalized: Finder } {
  const raw = tokens.filter((token) => !token.normalized);
  const normalized = tokens.filter((token) => token.normalized);
  return {
    raw: finder(patterns(raw, (content) => content, where)),
    normalized: finder(patterns(normalized, normalize, where)),
  };
}

function patterns(tokens: readonly AddedToken[], normalize: Normalizer, where: string): Map<string, AddedToken> {
  const found = new Map<string, AddedToken>();
  for (const token of tokens) {
    const pattern = normalize(token.content);
    const other = found.get(pattern);
    if (other !== undefined && other.id !== token.id) {
      const names = `${quote(other.content)} and ${quote(token.content)}`;
      const what = `added_tokens: ${names} are both looked for as ${quote(pattern)}, expected one token for it`;
      throw new EdgewiseError('config', where, what);
    }
    if (pattern !== '') found.set(pattern, token);
  }
  return found;
}

/** The leftmost of the longest matches, as `AddedVocabulary::find_matches` of the Rust library gives them. */
function finder(tokens: ReadonlyMap<string, AddedToken>): Finder {
  const root: TrieNode = { next: new Map(), token: undefined };
  for (const [pattern, token] of tokens) add(root, pattern, token);
  return (text) => {
    const stretches: Stretch[] = [];
    let from = 0;
    const leave = (end: number): void => {
      if (from < end) stretches.push({ text: text.slice(from, end), start: from });
    };
    for (let at = 0; at < text.length;) {
      const found = longest(root, text, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const { token } = found;
      let start = at;
      let end = found.end;
      at = end;
      if (token.single_word && !standsAlone(text, start, end)) continue;
      if (token.lstrip) start = Math.max(from, blanksBefore(text, start));
      if (token.rstrip) end = blanksBehind(text, end);
      leave(start);
      stretches.push({ id: token.id });
      from = end;
    }
    leave(text.length);
    return stretches;
  };
}

/** Two units on either side hold the whole character there. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  return !WORD_BEFORE.test(before) && !WORD_BEHIND.test(text.slice(end, end + 2));
}

function add(root: TrieNode, pattern: string, token: AddedToken): void {
  let node = root;
  // By UTF-16 units, which the search goes by as well.
  for (let i = 0; i < pattern.length; i++) {
    const unit = pattern.charAt(i);
    let next = node.next.get(unit);
    if (next === undefined) {
      next = { next: new Map(), token: undefined };
      node.next.set(unit, next);
    }
    node = next;
  }
  node.token = token;
}

function longest(root: TrieNode, text: string, at: number): { token: AddedToken; end: number } | undefined {
  let found: { token: AddedToken; end: number } | undefined;
  let node = root.next.get(text.charAt(at));
  for (let end = at + 1; node !== undefined; end++) {
    if (node.token !== undefined) found = { token: node.token, end };
    node = end < text.length ? node.next.get(text.charAt(end)) : undefined;
  }
  return found;
}
