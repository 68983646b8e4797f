import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EdgewiseError } from '../../../../src/base/errors.js';
import { xmlText } from '../../../../src/files/graph/xml-text.js';
import { xmlEvents } from '../../../../src/files/graph/xml.js';
import { anyText } from '../../../support/any-text.js';
import { complaint } from '../../../support/circuit-files.js';
import { xmllint } from '../../../support/external-tools.js';

/** The events as short words: `<a x=1>`, text in quotes, `</a>`. */
function words(text: string): string {
  const parts: string[] = [];
  for (const event of xmlEvents(text, 'f.json')) {
    if (event.kind === 'text') parts.push(JSON.stringify(event.text));
    else if (event.kind === 'close') parts.push(`</${event.name}>`);
    else {
      const attributes = [...event.attributes].map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      parts.push(`<${event.name}${attributes.join('')}>`);
    }
  }
  return parts.join('');
}

const events = (text: string): unknown[] => [...xmlEvents(text, 'f.json')];

describe('xmlEvents', () => {
  it.each([
    ['<a/>', '<a></a>'],
    ['\ufeff<?xml version="1.0"?>\n<!-- <b> --><a x = \'1"\' y="\'">t</a >\n<!-- end -->', `<a x="1\\"" y="'">"t"</a>`],
    ['<viz:a b:c="&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;"/>', '<viz:a b:c="<&>\\"\'A\u{1f600}"></viz:a>'],
    ['<a x="1\t2\r\n3&#9;4">1\r\n2&#13;</a>', '<a x="1 2 3\\t4">"1\\n2\\r"</a>'],
    ['<a><![CDATA[<b>&amp;]]>&amp;</a>', '<a>"<b>&amp;""&"</a>'],
    ['<a><b><c/></b><?php x ?></a>', '<a><b><c></c></b></a>'],
    ['<\u00e9/>', '<\u00e9></\u00e9>'],
  ])('reads %j', (text, expected) => {
    expect(words(text)).toBe(expected);
  });

  it.each([
    ['', 'line 1: broken XML: there is no element'],
    ['hello', 'text outside of the root element, "hello"'],
    ['<a/>b', 'text outside of the root element, "b"'],
    ['<a/><b/>', 'a second root element, <b>'],
    ['<a>', 'the text ends inside <a>'],
    ['<a>\n<b>\n</a>', 'line 3: broken XML: got </a>, expected </b>'],
    ['</a>', 'got </a>, expected no end tag'],
    ['<a></a', 'expected an end tag'],
    ['< a/>', 'expected a tag after <'],
    ['<a x="1"y="2"/>', '<a> does not end'],
    ['<a x=1/>', 'an attribute is not name="value"'],
    ['<a x="<"/>', '<a> does not end'],
    ['<a x="1" x="2"/>', '<a> has the attribute x twice'],
    ['<a>&nbsp;</a>', '"&nbsp;" is no reference to a character'],
    ['<a>&</a>', '"&" is no reference to a character'],
    ['<a>&constructor;</a>', '"&" is no reference to a character'],
    ['<a>&#0;</a>', '"&#0;" is no reference to a character'],
    ['<a>&#xD800;</a>', '"&#xD800;" is no reference to a character'],
    ['<a>&#x110000;</a>', '"&#x110000;" is no reference to a character'],
    ['<a>\0</a>', 'a character that XML cannot hold'],
    ['<a>\ud800</a>', 'a character that XML cannot hold'],
    ['<a><!-- x -- y --></a>', 'a comment holds --'],
    ['<a><!-- x', 'a comment does not end'],
    ['<a><![CDATA[ x', 'a CDATA section does not end'],
    ['<![CDATA[x]]><a/>', 'text outside of the root element'],
    ['<?xml <a/>', 'an instruction does not end'],
    ['<!DOCTYPE a><a/>', 'it has a DTD, which is not read'],
    ['<a><!ELEMENT a></a>', 'it has a DTD, which is not read'],
  ])('refuses %j', (text, message) => {
    expect(complaint(() => events(text), 'f.json')).toContain(message);
  });

  it('gives back any text that was written', () => {
    fc.assert(
      fc.property(anyText, anyText, (value, content) => {
        const legal = (text: string): string =>
          Array.from(text, (c) =>
            /[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(c) ? c : '\ufffd',
          ).join('');
        const [open, text] = events(`<a x="${xmlText(value)}">${xmlText(content)}</a>`) as [
          { attributes: Map<string, string> },
          { text: string },
        ];
        expect(open.attributes.get('x')).toBe(legal(value));
        if (content !== '') expect(text.text).toBe(legal(content));
      }),
    );
  });

  it('fails on anything else with one line', () => {
    const part = fc.constantFrom(
      '<a>',
      '</a>',
      '<a x="1"/>',
      '<',
      '>',
      '&',
      '"',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      'x',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        try {
          events(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(EdgewiseError);
          expect(String(error)).toMatch(/f\.json, line 1: broken XML: [^\n\u001b]+$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe.skipIf(xmllint.skip)('xmlEvents beside xmllint', () => {
  it('takes and refuses the same texts', () => {
    const part = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="1"/>',
      "<a y='2'>",
      '&lt;',
      '&',
      '<!-- c -->',
      '--',
      '<![CDATA[d]]>',
      'x',
    );
    for (const parts of fc.sample(fc.array(part, { maxLength: 6 }), { numRuns: 60, seed: 3 })) {
      const text = `<r>${parts.join('')}</r>`;
      const takes = (read: () => unknown): boolean => {
        try {
          read();
          return true;
        } catch {
          return false;
        }
      };
      expect([text, takes(() => events(text))]).toEqual([text, takes(() => xmllint.run(['--noout', '-'], text))]);
    }
  });
});
