import type { Rng } from '../../src/base/rng.js';
import { mutateJson, oneOf } from './mutate-json.js';
import { NASTY_NUMBERS, NASTY_TEXTS } from './nasty.js';

/** Changes lines, words and numbers of a text. */
export function mutateText(text: string, rng: Rng): string {
  const lines = text.split('\n');
  const at = rng.below(lines.length);
  const line = lines[at]!;
  const place = rng.below(text.length + 1);
  const ways: (() => string)[] = [
    () => lines.toSpliced(at, 1).join('\n'),
    () => lines.toSpliced(at, 0, line).join('\n'),
    () => lines.toSpliced(at, 1, oneOf(NASTY_TEXTS, rng)).join('\n'),
    () => lines.toSpliced(at, 0, '').join('\n'),
    () => lines.toSpliced(at, 1, oneOf(lines, rng)).join('\n'),
    () => lines.toSpliced(at, 1, `${line.slice(0, rng.below(line.length + 1))}`).join('\n'),
    () => lines.join('\r\n'),
    () => lines.join('\r'),
    () => `\ufeff${text}`,
    () => `\ufeff\ufeff${text}`,
    () => text.slice(0, place),
    () => text.slice(place),
    () => text.slice(0, place) + oneOf(NASTY_TEXTS, rng) + text.slice(place),
    () =>
      text.slice(0, place) +
      oneOf(['"', "'", ',', ';', '\t', '{', '}', '[', ']', '<', '>', '&', '='], rng) +
      text.slice(place),
    () => text.slice(0, place) + text.slice(place + 1 + rng.below(20)),
    () => replaceOne(text, /-?\d+(?:\.\d+)?/g, oneOf(NASTY_NUMBERS, rng), rng),
    () => replaceOne(text, /\w+/g, oneOf(NASTY_TEXTS, rng), rng),
    () => text.repeat(2),
    () => '',
    () => text + lines[0]!,
  ];
  return oneOf(ways, rng)();
}

/** Changes one line as JSON, or the lines as text. */
export function mutateLines(text: string, rng: Rng): string {
  if (rng.next() < 0.3) return mutateText(text, rng);
  const lines = text.split('\n');
  const at = rng.below(Math.max(1, lines.length - 1));
  return lines.with(at, mutateJson(lines[at]!, rng)).join('\n');
}

/** Changes tags, attributes and entities. */
export function mutateXml(text: string, rng: Rng): string {
  if (rng.next() < 0.2) return mutateText(text, rng);
  const tag = /<[^<>]*>/g;
  // From the beginning of a word: a long one is else tried from each of its letters on.
  const attribute = /(?<!\w)(\w+)="([^"]*)"/g;
  const ways: (() => string)[] = [
    () => replaceOne(text, tag, '', rng),
    () => replaceOne(text, tag, (found) => found + found, rng),
    () => replaceOne(text, tag, (found) => found.replace(/\w+/, oneOf(NASTY_TEXTS, rng)), rng),
    () => replaceOne(text, /<(\w+)[^<>]*\/>/g, (found) => found.repeat(50), rng),
    () => replaceOne(text, attribute, '', rng),
    () => replaceOne(text, attribute, (found) => `${found} ${found}`, rng),
    () => replaceOne(text, attribute, (found) => found.replace(/"[^"]*"/, () => `"${oneOf(NASTY_TEXTS, rng)}"`), rng),
    () => replaceOne(text, attribute, (found) => found.replace(/"[^"]*"/, () => `"${oneOf(NASTY_NUMBERS, rng)}"`), rng),
    () => replaceOne(text, /="([^"]*)"/g, `="${oneOf([...text.matchAll(attribute)], rng)?.[2] ?? ''}"`, rng),
    () => replaceOne(text, /(?<=>)[^<>]+(?=<)/g, oneOf(NASTY_TEXTS, rng), rng),
    () => replaceOne(text, tag, (found) => `${found}<![CDATA[${oneOf(NASTY_TEXTS, rng)}]]>`, rng),
    () => replaceOne(text, tag, (found) => `${found}<!-- ${oneOf(NASTY_TEXTS, rng)} -->`, rng),
    () => replaceOne(text, tag, (found) => found + '<a>'.repeat(3000), rng),
    () => replaceOne(text, tag, (found) => `${found}&lol9;&#0;&#x110000;&amp`, rng),
    () =>
      `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY lol9 "&a;&a;&a;&a;&a;&a;&a;&a;">]>${text.replace(/^<\?[^]*?\?>/, '')}`,
  ];
  return oneOf(ways, rng)();
}

/** Replaces one of the matches, if there is any. */
function replaceOne(text: string, pattern: RegExp, by: string | ((found: string) => string), rng: Rng): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: match, index } = oneOf(found, rng);
  return text.slice(0, index) + (typeof by === 'string' ? by : by(match)) + text.slice(index + match.length);
}
