import fc from 'fast-check';

const TROUBLE = [
  '"',
  "'",
  '<',
  '&',
  ']]>',
  '\\',
  '\n',
  '\r\n',
  '\t',
  ' ',
  ',',
  '\0',
  '\u0001',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ufffe',
  '\uffff',
  '\ud800',
  '\udc00',
  '😀',
  'é',
];

/** Any text at all: control characters, quotes, line ends, lone surrogates and characters that no XML can hold. */
export const anyText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...TROUBLE),
    fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
  ),
});
