import { EdgewiseError } from '../../src/base/errors.js';
import { parsePythonJson } from '../../src/base/json/python-json.js';
import { oneLine, quote } from '../../src/base/text.js';
import { signIsStated, type Circuit } from '../../src/circuit/circuit.js';
import { fileTopology, parseCircuit, resolveCircuit } from '../../src/files/own/circuit-file.js';
import { detailsFit, parseDetails } from '../../src/files/own/details-json.js';
import { cleanSavedView } from './clean-view.js';
import type { CircuitDocument, SourceFile } from './document.js';
import { readGexf } from './read-gexf.js';
import { checkTrace, readTrace, traceOf } from './read-trace.js';
import type { SavedView } from './saved-view.js';

/** The formats that can be read, for messages about all others. */
const FORMATS = 'circuit.json and scores.json of Edgewise, circuits of EAP-IG and MIB (JSON), and GEXF of Edgewise';

/**
 * Reads and checks a circuit, its trace and its details. The text tells the format, not the name. A trace or details
 * that are broken, or that belong to another circuit, become warnings. Without a trace the decisions are taken from the
 * circuit, if it has them.
 *
 * @throws EdgewiseError kind `circuit` when the circuit cannot be read. The message says why, and names the formats
 *   that can be read.
 */
export function openDocument(source: SourceFile): CircuitDocument {
  const { name } = source;
  const opened = openCircuit(source.text.replace(/^\ufeff/, ''), name);
  const { circuit } = opened;
  const warnings = [...opened.warnings];
  /**
   * Reads a file beside the circuit. When that fails, a warning says so, and the circuit is opened without the file.
   */
  const beside = <T>(text: string | null, kind: string, read: (text: string, where: string) => T): T | null => {
    try {
      return text === null ? null : read(text, `${kind} of ${name}`);
    } catch (error) {
      if (!(error instanceof EdgewiseError)) throw error;
      warnings.push(`${error.message}; left out`);
      return null;
    }
  };
  const trace = beside(source.trace, 'trace', (text, where) => checkTrace(readTrace(text, where), circuit, where));
  const details = beside(source.details, 'details', (text, where) => {
    const read = parseDetails(text, where);
    if (!detailsFit(read, circuit)) throw new EdgewiseError('circuit', where, 'belong to another circuit');
    return read;
  });
  return {
    source,
    name,
    format: opened.format,
    circuit,
    signStated: signIsStated(circuit),
    scoresOnly: opened.scoresOnly,
    trace: trace ?? traceOf(circuit),
    details,
    savedView: opened.savedView,
    warnings,
  };
}

type Opened = Pick<CircuitDocument, 'format' | 'circuit' | 'scoresOnly' | 'savedView' | 'warnings'>;

function openCircuit(text: string, name: string): Opened {
  switch (text.trimStart()[0]) {
    case '{':
      return openJson(text, name);
    case '<':
      return openXml(text, name);
    case undefined:
      throw unreadable(name, 'is empty');
    default:
      throw unreadable(name, isJson(text) ? 'is JSON, but no object' : 'is neither JSON nor GEXF');
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

function openXml(text: string, name: string): Opened {
  if (!/<gexf[\s>]/.test(text)) {
    const root = /<([a-z][\w:-]*)/i.exec(text)?.[1] ?? 'no element';
    throw unreadable(name, `is XML or HTML (${oneLine(root)}), but no GEXF`);
  }
  return { format: 'gexf', circuit: readGexf(text, name), scoresOnly: false, savedView: null, warnings: [] };
}

function openJson(text: string, name: string): Opened {
  let circuit: Circuit;
  let view: unknown;
  let scoresOnly: boolean;
  try {
    const file = parseCircuit(text, name);
    circuit = resolveCircuit(file, fileTopology(file));
    view = file.view;
    scoresOnly = file.scores !== undefined;
  } catch (error) {
    throw otherJson(text, name) ?? error;
  }
  const { savedView, warnings } = viewIn(view, name);
  return { format: circuit.provenance ? 'edgewise' : 'eap-ig', circuit, scoresOnly, savedView, warnings };
}

function viewIn(json: unknown, name: string): { savedView: SavedView | null; warnings: string[] } {
  if (json === undefined) return { savedView: null, warnings: [] };
  const { view, dropped } = cleanSavedView(json);
  const warnings = dropped.map((key) => `${name}: edgewise.view.${key} is not what a view holds; left out in part`);
  return { savedView: view, warnings };
}

/** The error for JSON that is no circuit at all. Null when it is a circuit with a fault. */
function otherJson(text: string, name: string): EdgewiseError | null {
  let json: unknown;
  try {
    json = parsePythonJson(text);
  } catch (error) {
    return unreadable(name, `is not valid JSON (${oneLine((error as Error).message)})`);
  }
  const keys = new Map<string, unknown>(Object.entries(json as object));
  const edges = keys.get('edges');
  if (typeof edges === 'object' && edges !== null && !Array.isArray(edges)) return null;
  if (keys.has('links') && keys.has('nodes'))
    return unreadable(name, 'is a graph with links, as circuit-tracer writes it');
  const holds =
    keys.size === 0 ? 'an empty object' : `an object with ${[...keys.keys()].slice(0, 5).map(quote).join(', ')}`;
  return unreadable(name, `is JSON, but no circuit: ${holds}, without "edges" by name`);
}

function unreadable(name: string, what: string): EdgewiseError {
  return new EdgewiseError('circuit', name, `${what}. Readable are ${FORMATS}`);
}
