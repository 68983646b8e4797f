import { EdgewiseError } from '../../src/base/errors.js';
import { signIsStated } from '../../src/circuit/circuit.js';
import { detailsFit, parseDetails } from '../../src/files/own/details-json.js';
import { openCircuit } from '../../src/files/open.js';
import { readTrace } from '../../src/files/own/trace.js';
import { checkTrace, traceOf } from '../../src/files/own/trace-circuit.js';
import { cleanSavedView } from '../view/view-parts.js';
import type { SavedView } from '../view/view-state.js';
import type { CircuitDocument, SourceFile } from './document.js';

/**
 * Reads and checks a circuit and what lies beside it. The format is told by the text, not by the name. A trace or
 * details that are broken or of another circuit become warnings; without a trace the decisions are taken from the
 * circuit, where it has them.
 *
 * @throws EdgewiseError where the circuit cannot be read; the message says why, and which formats can.
 */
export function openDocument(source: SourceFile): CircuitDocument {
  const { name } = source;
  const opened = openInViewer(source.text, name);
  const { circuit } = opened;
  const warnings = [...opened.warnings];
  /** What `read` makes of a file beside the circuit; where that fails the reader is told, and goes without. */
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

/** A shape that the file tells in part only is taken with a warning: the page has no model to ask. */
function openInViewer(text: string, name: string): Opened {
  const { format, file, circuit, notes } = openCircuit(text, name, { acceptLikelyShape: true });
  const { savedView, warnings } = viewIn(file.view, name);
  const isInterchange = format === 'json' || format === 'eap-ig';
  return {
    format: isInterchange ? (circuit.provenance ? 'edgewise' : 'eap-ig') : format,
    circuit,
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
