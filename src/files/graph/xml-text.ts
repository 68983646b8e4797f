/** A character that XML 1.0 cannot hold in any spelling, lone surrogates included. */
export const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
const EVERY_NOT_XML = new RegExp(NOT_XML, 'gu');

/**
 * Tabs and line ends are spelled out: a parser turns them into spaces in the value of an attribute. XML 1.1 has two
 * more ends of lines, which some parsers of XML 1.0 take for such.
 */
const SPELLED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\u0085': '&#133;',
  '\u2028': '&#8232;',
};

/**
 * Any text as the content of an XML element or of an attribute in double quotes. A character that XML cannot hold
 * becomes U+FFFD.
 */
export function xmlText(text: string): string {
  return text.replace(EVERY_NOT_XML, '\ufffd').replace(/[&<>"\t\n\r\u0085\u2028]/g, (character) => SPELLED[character]!);
}
