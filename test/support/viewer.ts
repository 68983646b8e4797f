import { toCircuitData, type CircuitData } from '../../viewer/data/circuit-data.js';
import type { CircuitDocument, SourceFile } from '../../viewer/data/document.js';
import { openDocument } from '../../viewer/data/open-document.js';
import { DEFAULT_VIEW, type ViewState } from '../../viewer/view/view-state.js';
import { sampleCircuit } from './sample-circuit.js';

export function sourceFile(name: string, text: string, beside: Partial<SourceFile> = {}): SourceFile {
  return { name, text, trace: null, details: null, saveTo: null, ...beside };
}

/** The document of a file with a circuit. */
export function openCircuitDocument(source: SourceFile): CircuitDocument {
  const document = openDocument(source);
  if (document.circuit === null) throw new Error(`${source.name} is an attribution graph`);
  return document;
}

export function sampleData(): CircuitData {
  return toCircuitData(sampleCircuit(), 'as-stated');
}

export function view(changes: Partial<ViewState> = {}): ViewState {
  return { ...DEFAULT_VIEW, ...changes };
}

export function ids(items: Iterable<{ readonly id: string }>): string[] {
  return Array.from(items, (item) => item.id);
}
