/** A part of a text on its way through the pre-tokenizer. */
export interface Piece {
  readonly text: string;
  /** Whether it begins where the whole text begins. */
  readonly first: boolean;
}

/** What becomes of the matches of a pattern. The Rust library's names. */
export const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type Behavior = (typeof BEHAVIORS)[number];

interface Span {
  readonly start: number;
  readonly end: number;
  readonly match: boolean;
}

/**
 * Cuts a piece at the matches of a pattern, as `NormalizedString::split` of the Rust library does.
 *
 * @param invert what lies between the matches counts as the matches.
 */
export function split(pattern: RegExp, behavior: Behavior, invert = false): (piece: Piece) => Piece[] {
  return ({ text, first }) => {
    const pieces: Piece[] = [];
    for (const { start, end } of settle(spans(text, pattern, invert), behavior)) {
      if (start < end) pieces.push({ text: text.slice(start, end), first: first && start === 0 });
    }
    return pieces;
  };
}

/** The matches and what lies between them. Together they are the whole text. */
function spans(text: string, pattern: RegExp, invert: boolean): Span[] {
  const found: Span[] = [];
  let end = 0;
  for (const { 0: matched, index } of text.matchAll(pattern)) {
    if (end < index) found.push({ start: end, end: index, match: invert });
    end = index + matched.length;
    found.push({ start: index, end, match: !invert });
  }
  if (end < text.length) found.push({ start: end, end: text.length, match: invert });
  return found;
}

function settle(parts: readonly Span[], behavior: Behavior): readonly Span[] {
  switch (behavior) {
    case 'Isolated':
      return parts;
    case 'Removed':
      return parts.filter(({ match }) => !match);
    case 'Contiguous':
      return join(parts, (match, before) => match === before);
    case 'MergedWithPrevious':
      return join(parts, (match, before) => match && !before);
    case 'MergedWithNext':
      return join(parts.toReversed(), (match, before) => match && !before).toReversed();
  }
}

/** @param joins whether a part goes to the part before it; both are known by whether they are matches. */
function join(parts: readonly Span[], joins: (match: boolean, before: boolean) => boolean): Span[] {
  const joined: Span[] = [];
  let before = false;
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && joins(part.match, before)) {
      const start = Math.min(last.start, part.start);
      joined[joined.length - 1] = { start, end: Math.max(last.end, part.end), match: last.match };
    } else {
      joined.push(part);
    }
    before = part.match;
  }
  return joined;
}
