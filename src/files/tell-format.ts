import { EdgewiseError } from '../base/errors.js';
import { readJson, readStrictJson } from '../base/json/json-fields.js';
import { parsePythonJson } from '../base/json/python-json.js';
import { isObject } from '../base/json/strict-json.js';
import { oneLine, quote } from '../base/text.js';
import { formatOf, INPUT_FORMATS, type FileContent, type Format, type InputFormat } from './formats.js';
import { isAttributionGraph } from './tools/read-attribution-graph.js';

/** What a file is. An attribution graph is no circuit: see readAttributionGraph. */
export type FileFormat = InputFormat | 'attribution-graph';

/** A file of a known format. */
export interface ToldFile {
  readonly format: FileFormat;
  readonly content: FileContent;
}

/**
 * Tells what a file is by its content, and parses it where it is JSON.
 *
 * @param asked the format, where it is known; `auto` otherwise.
 * @param strict in JSON, a key that is there twice in one object is an error. Otherwise the last one counts.
 * @throws EdgewiseError kind `circuit` where the file is broken, or of no format that is read.
 */
export function tellFormat(text: string, source: string, asked: InputFormat | 'auto', strict: boolean): ToldFile {
  const bare = text.replace(/^\ufeff/, '');
  const syntax = asked === 'auto' ? syntaxOf(bare, source) : formatOf(asked).syntax;
  const content = { text: bare, json: syntax === 'json' ? parsed(bare, source, strict) : undefined };
  return { format: asked === 'auto' ? formatBy(syntax, content, source) : asked, content };
}

/** Formats that are read, in words. */
export function readableFormats(): string {
  return INPUT_FORMATS.map((name) => formatOf(name).title).join(', ');
}

function syntaxOf(text: string, source: string): Format['syntax'] {
  const first = text.trimStart()[0];
  if (first === undefined) throw unreadable(source, 'is empty');
  if (first === '<') return 'xml';
  if (first === '{' && startsWithDecision(text)) return 'lines';
  if (first === '{' || first === '[') return 'json';
  throw unreadable(source, isJson(text) ? 'is JSON, but no object' : 'is neither JSON nor XML');
}

function formatBy(syntax: Format['syntax'], { text, json }: FileContent, source: string): FileFormat {
  if (syntax === 'lines') return 'trace';
  return syntax === 'xml' ? xmlFormat(text, source) : jsonFormat(json, source);
}

/** More characters than a line of a trace has: the names of two nodes and three numbers. */
const MAX_DECISION = 1000;

/** Whether the first line is a decision of a trace. */
function startsWithDecision(text: string): boolean {
  const [line = ''] = text.trimStart().slice(0, MAX_DECISION).split('\n', 1);
  try {
    const json: unknown = JSON.parse(line);
    return isObject(json) && 'step' in json && 'edge' in json && 'kept' in json;
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    parsePythonJson(text);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string, source: string, strict: boolean): unknown {
  try {
    return strict ? readStrictJson(text, source) : readJson(text, source);
  } catch (error) {
    // A key that is there twice and a number that is too large are mistakes in a file of a kind that is read.
    if (!(error instanceof EdgewiseError) || isJson(text)) throw error;
    throw unreadable(source, error.message.slice(`${source}: `.length));
  }
}

/** Where the root element of an XML file is looked for, in characters. */
const XML_HEAD = 65_536;

function xmlFormat(text: string, source: string): InputFormat {
  const head = text.slice(0, XML_HEAD).replaceAll(/<!--[^]*?(?:-->|$)/g, '');
  const root = /<([a-z][\w:-]*)/i.exec(head)?.[1];
  if (root === 'gexf' || root === 'graphml') return root;
  throw unreadable(source, `is XML or HTML (${oneLine(root ?? 'no element')}), but neither GEXF nor GraphML`);
}

function jsonFormat(json: unknown, source: string): FileFormat {
  // Edge Pruning keeps at least the edges of its embeddings or of one reader: a list of nothing is no result of it.
  if (Array.isArray(json) && Array.isArray(json[0])) return 'edge-pruning';
  if (!isObject(json)) throw unreadable(source, 'is JSON, but neither an object nor a list of pairs');
  const { edges, links, nodes } = json;
  if (isAttributionGraph(json)) return 'attribution-graph';
  if (Array.isArray(nodes) && (Array.isArray(edges) || Array.isArray(links))) return 'node-link';
  if (isObject(edges)) return 'edgewise' in json ? 'json' : 'eap-ig';
  if ('edges' in json) throw unreadable(source, `edges: got ${quote(edges)}, expected an object of edges by name`);
  const keys = Object.keys(json).slice(0, 5).map(quote);
  const holds = keys.length === 0 ? 'an empty object' : `an object with ${keys.join(', ')}`;
  throw unreadable(source, `is JSON, but no circuit: ${holds}, without "edges" by name`);
}

/** The error of a file that is of no kind that is read. */
export function unreadable(source: string, what: string): EdgewiseError {
  return new EdgewiseError(
    'circuit',
    source,
    `${what}. Edgewise reads ${readableFormats()}, and shows attribution graphs`,
  );
}
