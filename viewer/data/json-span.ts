/** Part of a text: the characters from `from` up to, but not including, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The object that starts at `at`, or after the white space there, with its braces. The text was parsed before: its
 * brackets match. Brackets inside of strings are skipped.
 */
export function objectSpan(text: string, at: number): Span {
  const from = text.indexOf('{', at);
  let depth = 0;
  const token = /"(?:[^"\\]+|\\[^])*"|[[{]|[\]}]/g;
  token.lastIndex = from;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '{' || match[0] === '[') depth++;
    else if (match[0] === '}' || match[0] === ']') depth--;
    if (depth === 0) return { from, to: token.lastIndex };
  }
  throw new SyntaxError('an object that does not end');
}

/**
 * The value of a member of the object, or null. If the name occurs more than once, the last one counts, as in parsers.
 */
export function memberSpan(text: string, object: Span, name: string): Span | null {
  let found: Span | null = null;
  let depth = 0;
  let key: string | null = null;
  let start = -1;
  const token = /"(?:[^"\\]+|\\[^])*"|[[{\]},:]/g;
  token.lastIndex = object.from;
  for (let match = token.exec(text); match && match.index < object.to; match = token.exec(text)) {
    const sign = match[0];
    if (depth === 1 && (sign === ',' || sign === '}')) {
      if (key === name) found = trimmed(text, start, match.index);
      key = null;
      start = -1;
    }
    if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    else if (depth === 1 && sign === ':' && start < 0) start = token.lastIndex;
    else if (depth === 1 && start < 0 && sign !== ',') key = JSON.parse(sign) as string;
  }
  return found;
}

function trimmed(text: string, from: number, to: number): Span {
  const value = text.slice(from, to);
  return { from: from + value.length - value.trimStart().length, to: to - (value.length - value.trimEnd().length) };
}
