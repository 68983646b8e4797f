import { EdgewiseError } from '../../src/base/errors.js';
import { counted } from '../../src/base/text.js';
import { signIsStated, type Circuit } from '../../src/circuit/circuit.js';
import { openCircuitOrGraph, type OpenedAttributionGraph, type OpenedCircuit } from '../../src/files/open.js';
import { detailsFit } from '../../src/files/own/details-fit.js';
import { parseDetails } from '../../src/files/own/details-json.js';
import { readTrace } from '../../src/files/own/trace.js';
import { checkTrace, traceOf } from '../../src/files/own/trace-circuit.js';
import { cleanSavedView } from './clean-view.js';
import type { CircuitDocument, GraphDocument, SourceFile, ViewerDocument } from './document.js';
import type { SavedView } from './saved-view.js';

/** A file that does not state its model's sizes is opened with a warning: the page has no model to ask. */
const OPTIONS = { acceptLeastShape: true, strict: true } as const;

/**
 * Reads and checks a circuit, its trace and its details, or an attribution graph. The text tells the format, not the
 * name. A trace or details that are broken, or that belong to another circuit, become warnings. Without a trace the
 * decisions are taken from the circuit, if it has them.
 *
 * @throws EdgewiseError kind `circuit` when the file cannot be read. The message says why, and names the formats that
 *   can be read.
 */
export function openDocument(source: SourceFile): ViewerDocument {
  const opened = openCircuitOrGraph(source.text, source.name, OPTIONS);
  return opened.format === 'attribution-graph' ? graphDocument(source, opened) : circuitDocument(source, opened);
}

function circuitDocument(source: SourceFile, opened: OpenedCircuit): CircuitDocument {
  const { name } = source;
  const { circuit, format, file, sizesKnown } = opened;
  const { savedView, warnings: ofView } = viewIn(file.view, name);
  const warnings = [...opened.notes, ...tooLarge(circuit, name), ...ofView];
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
  const isInterchange = format === 'json' || format === 'eap-ig';
  return {
    source,
    name,
    format: isInterchange ? (circuit.provenance ? 'edgewise' : 'eap-ig') : format,
    circuit,
    sizesKnown,
    signStated: signIsStated(circuit),
    scoresOnly: file.scores !== undefined,
    trace: trace ?? traceOf(circuit),
    details,
    savedView,
    warnings,
  };
}

/** What its author pinned and grouped is the view that it opens with. */
function graphDocument(source: SourceFile, { graph, notes }: OpenedAttributionGraph): GraphDocument {
  const { name } = source;
  const { view } = cleanSavedView({ pinned: graph.pinned, groups: graph.supernodes });
  const beside = [...(source.trace === null ? [] : ['trace']), ...(source.details === null ? [] : ['details'])].map(
    (kind) => `${kind} of ${name}: belong to no circuit; left out`,
  );
  return {
    source,
    name,
    format: 'attribution-graph',
    circuit: null,
    graph,
    sizesKnown: false,
    // Positive is what raises the target. Whether that helps a task is not said.
    signStated: false,
    scoresOnly: false,
    trace: null,
    details: null,
    savedView: { ...view, layout: 'tokens' },
    warnings: [...notes, ...beside],
  };
}

/** Shares of a sum need a sum. */
function tooLarge({ effects }: Circuit, name: string): string[] {
  const sum = effects.reduce((total, effect) => total + (Number.isFinite(effect) ? Math.abs(effect) : 0), 0);
  if (Number.isFinite(sum)) return [];
  return [`${name}: its scores add up to more than the largest number; shares of them are not shown`];
}

function viewIn(json: unknown, name: string): { savedView: SavedView | null; warnings: string[] } {
  if (json === undefined) return { savedView: null, warnings: [] };
  const { view, dropped } = cleanSavedView(json);
  if (dropped.length === 0) return { savedView: view, warnings: [] };
  const [first, ...others] = dropped;
  const more = others.length > 0 ? ` and ${counted(others.length, 'other thing')}` : '';
  return { savedView: view, warnings: [`${name}: its saved view has ${first}${more} that no view can hold; left out`] };
}
