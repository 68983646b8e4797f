import { EdgewiseError, type ErrorKind } from '../errors.js';
import { quote } from '../text.js';

/**
 * Parses JSON like JSON.parse, with two differences. A mistake is told by line and column, in every engine alike. An
 * object that has a key twice is refused: JSON.parse takes the last one in silence, and the file's author may mean the
 * first.
 */
export function parseStrictJson(text: string, where: string, kind: ErrorKind): unknown {
  checkSyntax(text, (position, what) => {
    const before = text.slice(0, position);
    const line = before.split('\n').length;
    const column = position - before.lastIndexOf('\n');
    throw new EdgewiseError(kind, where, `not valid JSON at line ${line}, column ${column}: ${what}`);
  });
  return JSON.parse(text) as unknown;
}

/** A JSON object; arrays and null are not. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SPACE = /[ \t\n\r]*/y;
const TOKENS = {
  punctuation: /[{}[\],:]/y,
  string: /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y,
  number: /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y,
  word: /(?:true|false|null)(?![A-Za-z0-9_])/y,
};

/** What may come next, in the words of the message. */
type Expected =
  | 'a value'
  | "a value or ']'"
  | 'a key'
  | "a key or '}'"
  | "':'"
  | "',' or a closing bracket"
  | 'the end';

function checkSyntax(text: string, fail: (position: number, what: string) => never): void {
  /** One entry per open bracket: the keys so far of an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  let expected: Expected = 'a value';
  let position = 0;
  const afterValue = (): Expected => (open.length === 0 ? 'the end' : "',' or a closing bracket");

  for (;;) {
    position = matchAt(SPACE, text, position)!;
    const wrong = (): never => {
      const got = position < text.length ? quote(String.fromCodePoint(text.codePointAt(position)!)) : 'the end';
      return fail(position, `expected ${expected}, got ${got}`);
    };
    if (position === text.length) {
      if (expected !== 'the end') wrong();
      return;
    }
    const first = text[position]!;
    const inner = open.at(-1);
    let end: number | undefined;
    if ((end = matchAt(TOKENS.punctuation, text, position)) !== undefined) {
      const valueMayStart = expected === 'a value' || expected === "a value or ']'";
      if (first === '{' && valueMayStart) {
        open.push(new Set());
        expected = "a key or '}'";
      } else if (first === '[' && valueMayStart) {
        open.push(null);
        expected = "a value or ']'";
      } else if (first === ':' && expected === "':'") {
        expected = 'a value';
      } else if (first === ',' && expected === "',' or a closing bracket") {
        expected = inner ? 'a key' : 'a value';
      } else if (
        (first === '}' && inner && (expected === "a key or '}'" || expected === "',' or a closing bracket")) ||
        (first === ']' && inner === null && (expected === "a value or ']'" || expected === "',' or a closing bracket"))
      ) {
        open.pop();
        expected = afterValue();
      } else {
        wrong();
      }
    } else if ((end = matchAt(TOKENS.string, text, position)) !== undefined && inner && expected.startsWith('a key')) {
      const bare = text.slice(position + 1, end - 1);
      const key = bare.includes('\\') ? (JSON.parse(`"${bare}"`) as string) : bare;
      if (inner.has(key)) fail(position, `the key ${quote(key)} is there twice`);
      inner.add(key);
      expected = "':'";
    } else if (expected === 'a value' || expected === "a value or ']'") {
      const number = matchAt(TOKENS.number, text, position);
      if (number !== undefined && !Number.isFinite(Number(text.slice(position, number)))) {
        fail(position, `${quote(text.slice(position, number))} is beyond the largest number`);
      }
      end ??= number ?? matchAt(TOKENS.word, text, position);
      if (end === undefined) wrong();
      expected = afterValue();
    } else {
      wrong();
    }
    position = end!;
  }
}

/** Where a match of the sticky pattern that starts at `position` ends. */
function matchAt(pattern: RegExp, text: string, position: number): number | undefined {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
