/**
 * Parses JSON as Python's json module writes it: bare `NaN`, `Infinity` and `-Infinity`, which are no JSON, become
 * null. The same words inside strings stay. Linear in the length of the text.
 *
 * @throws SyntaxError where the text is no JSON otherwise.
 */
export function parsePythonJson(text: string): unknown {
  return JSON.parse(standardJson(text));
}

/** The text with those words replaced by null: standard JSON, if the rest is. */
export function standardJson(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text;
  let inString = false;
  return text.replace(/\\[^]|"|-?Infinity|NaN/g, (token) => {
    if (token === '"') inString = !inString;
    return inString || token === '"' || token.startsWith('\\') ? token : 'null';
  });
}
