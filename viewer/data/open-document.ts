import { EdgewiseError } from '../../src/base/errors.js';
import { signIsStated } from '../../src/circuit/circuit.js';
import { detailsFit } from '../../src/files/own/details-fit.js';
import { parseDetails } from '../../src/files/own/details-json.js';
import { openCircuit } from '../../src/files/open.js';
import { readTrace } from '../../src/files/own/trace.js';
import { checkTrace, traceOf } from '../../src/files/own/trace-circuit.js';
import { cleanSavedView } from './clean-view.js';
import type { CircuitDocument, SourceFile } from './document.js';
import type { SavedView } from './saved-view.js';

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
  const opened = openInViewer(source.text, name);
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
    sizesKnown: opened.sizesKnown,
    signStated: signIsStated(circuit),
    scoresOnly: opened.scoresOnly,
    trace: trace ?? traceOf(circuit),
    details,
    savedView: opened.savedView,
    warnings,
  };
}

type Opened = Pick<CircuitDocument, 'format' | 'circuit' | 'sizesKnown' | 'scoresOnly' | 'savedView' | 'warnings'>;

/** A file that does not state its model's sizes is opened with a warning: the page has no model to ask. */
function openInViewer(text: string, name: string): Opened {
  const { format, file, circuit, sizesKnown, notes } = openCircuit(text, name, { acceptLeastShape: true });
  const { savedView, warnings } = viewIn(file.view, name);
  const isInterchange = format === 'json' || format === 'eap-ig';
  return {
    format: isInterchange ? (circuit.provenance ? 'edgewise' : 'eap-ig') : format,
    circuit,
    sizesKnown,
    scoresOnly: file.scores !== undefined,
    savedView,
    warnings: [...notes, ...warnings],
  };
}

function viewIn(json: unknown, name: string): { savedView: SavedView | null; warnings: string[] } {
  if (json === undefined) return { savedView: null, warnings: [] };
  const { view, dropped } = cleanSavedView(json);
  const warnings = dropped.map((key) => `${name}: edgewise.view.${key} is not what a view holds; left out in part`);
  return { savedView: view, warnings };
}
