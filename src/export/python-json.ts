/**
 * Parses JSON as Python's json module writes it: bare `NaN`, `Infinity` and `-Infinity`, which are no JSON, become
 * null. The same words inside strings stay. Linear in the length of the text.
 *
 * @throws SyntaxError where the text is no JSON otherwise.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  let inString = false;
  const standard = text.replace(/\\[^]|"|-?Infinity|NaN/g, (token) => {
    if (token === '"') inString = !inString;
    return inString || token === '"' || token.startsWith('\\') ? token : 'null';
  });
  return JSON.parse(standard);
}
