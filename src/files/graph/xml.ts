import { EdgewiseError } from '../../base/errors.js';
import { checkLength } from '../../base/json/json-fields.js';
import { quote } from '../../base/text.js';
import { NOT_XML } from './xml-text.js';

/** A start tag, an end tag, or text between tags. An empty element, `<a/>`, gives a start tag and an end tag. */
export type XmlEvent =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      /** Place of the tag in the text, in characters. */
      readonly at: number;
    }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

const NAME = /[^\s<>/=&"'!?]+/y;
const ATTRIBUTE = /\s+([^\s<>/=&"'!?]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;
const END_TAG = /<\/([^\s<>/=&"'!?]+)\s*>/y;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The events of an XML text, in order. The whole text must be well-formed. Names are given with their prefixes.
 *
 * It is a reader of its own for three reasons. The parser that graphology-gexf uses builds a DOM: for the 32,491 edges
 * of GPT-2 small it takes ten seconds and half a gigabyte, and this reader takes two seconds. That parser reads on
 * where XML is broken. And the engine is compiled without the types of a DOM. A document type is refused: a graph needs
 * no entities of its own, and they are a way to attack a reader.
 *
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the line at fault.
 */
export function* xmlEvents(text: string, source: string): Generator<XmlEvent> {
  checkLength(text, source);
  const fail = (at: number, what: string): never => {
    throw new EdgewiseError('circuit', `${source}, line ${lineAt(text, at)}`, `broken XML: ${what}`);
  };
  const illegal = text.search(NOT_XML);
  if (illegal >= 0) fail(illegal, `a character that XML cannot hold, ${quote(text[illegal])}`);
  const open: string[] = [];
  let rootSeen = false;
  let at = text.startsWith('\ufeff') ? 1 : 0;

  while (at < text.length) {
    const tag = text.indexOf('<', at);
    const textEnd = tag < 0 ? text.length : tag;
    if (textEnd > at) {
      const between = text.slice(at, textEnd);
      if (open.length > 0) yield { kind: 'text', text: decoded(between.replaceAll('\r\n', '\n'), at, fail) };
      else if (between.trim() !== '') fail(at, `text outside of the root element, ${quote(between.trim())}`);
    }
    if (tag < 0) break;
    at = tag;

    const skipped = skippedPart(text, at, fail);
    if (skipped !== undefined) {
      if (skipped.text !== undefined) {
        if (open.length === 0) fail(at, 'text outside of the root element');
        yield { kind: 'text', text: skipped.text };
      }
      at = skipped.end;
      continue;
    }

    if (text[at + 1] === '/') {
      END_TAG.lastIndex = at;
      const name = END_TAG.exec(text)?.[1] ?? fail(at, 'expected an end tag, such as </node>');
      const expected = open.pop();
      if (name !== expected) fail(at, `got </${name}>, expected ${expected ? `</${expected}>` : 'no end tag'}`);
      at = END_TAG.lastIndex;
      yield { kind: 'close', name };
      continue;
    }

    NAME.lastIndex = at + 1;
    const name = NAME.exec(text)?.[0] ?? fail(at, 'expected a tag after <');
    if (open.length === 0 && rootSeen) fail(at, `a second root element, <${name}>`);
    rootSeen = true;
    const attributes = new Map<string, string>();
    let end = NAME.lastIndex;
    for (;;) {
      ATTRIBUTE.lastIndex = end;
      const match = ATTRIBUTE.exec(text);
      if (!match) break;
      const key = match[1]!;
      if (attributes.has(key)) fail(at, `<${name}> has the attribute ${key} twice`);
      const value = (match[2] ?? match[3]!).replaceAll('\r\n', ' ').replace(/[\t\n\r]/g, ' ');
      attributes.set(key, decoded(value, end, fail));
      end = ATTRIBUTE.lastIndex;
    }
    TAG_END.lastIndex = end;
    const tagEnd = TAG_END.exec(text) ?? fail(end, `<${name}> does not end, or an attribute is not name="value"`);
    yield { kind: 'open', name, attributes, at };
    at = TAG_END.lastIndex;
    if (tagEnd[1] === '/') yield { kind: 'close', name };
    else open.push(name);
  }
  if (open.length > 0) fail(text.length, `the text ends inside <${open.at(-1)}>: it does not end in </${open[0]}>`);
  if (!rootSeen) fail(text.length, 'there is no element');
}

/** Number of the line that holds a place, from 1. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) line++;
  return line;
}

type Fail = (at: number, what: string) => never;

/** A comment, an instruction or a CDATA section at a place: where it ends, and a section's text. */
function skippedPart(text: string, at: number, fail: Fail): { end: number; text?: string } | undefined {
  const endOf = (end: string, from: number, what: string): number => {
    const found = text.indexOf(end, from);
    return found < 0 ? fail(at, `${what} does not end`) : found;
  };
  if (text.startsWith('<!--', at)) {
    const end = endOf('--', at + 4, 'a comment');
    return text[end + 2] === '>' ? { end: end + 3 } : fail(end, 'a comment holds --');
  }
  if (text.startsWith('<?', at)) return { end: endOf('?>', at + 2, 'an instruction') + 2 };
  if (text.startsWith('<![CDATA[', at)) {
    const end = endOf(']]>', at + 9, 'a CDATA section');
    return { end: end + 3, text: text.slice(at + 9, end).replaceAll('\r\n', '\n') };
  }
  return text.startsWith('<!', at) ? fail(at, 'it has a DTD, which is not read') : undefined;
}

/** The text with references to characters replaced by the characters. */
function decoded(text: string, at: number, fail: Fail): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));|&/g, (all, hex, decimal, name) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    const character = name === undefined ? characterOf(code) : ENTITIES[String(name)];
    return character ?? fail(at, `${quote(all)} is no reference to a character`);
  });
}

/** The character of a code, or undefined where XML cannot hold it. */
function characterOf(code: number): string | undefined {
  if (!(code <= 0x10ffff)) return undefined;
  const character = String.fromCodePoint(code);
  return NOT_XML.test(character) ? undefined : character;
}
