import type { Circuit } from '../../src/circuit/circuit.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import type { InputFormat } from '../../src/files/formats.js';
import type { TraceStep } from '../../src/files/own/trace.js';
import type { SavedView } from '../view/view-state.js';

/** Texts of one circuit's files as they were found; nothing is parsed yet. */
export interface SourceFile {
  /** File name, shown and used in messages and in the URL. */
  readonly name: string;
  /** A circuit file of any format that is read. */
  readonly text: string;
  readonly trace: string | null;
  readonly details: string | null;
  /** Where a view can be written back to, when the page is served by `edgewise view`. */
  readonly saveTo: string | null;
}

/** A circuit that was opened: its files, read and checked. */
export interface CircuitDocument {
  readonly source: SourceFile;
  readonly name: string;
  readonly format: 'edgewise' | 'eap-ig' | Exclude<InputFormat, 'json' | 'eap-ig'>;
  readonly circuit: Circuit;
  /** Whether the file says what a positive score means. Where not, the reader is asked. */
  readonly signStated: boolean;
  /** The file only scores edges: nothing was selected, and all are kept. */
  readonly scoresOnly: boolean;
  readonly trace: readonly TraceStep[] | null;
  readonly details: CircuitDetails | null;
  readonly savedView: SavedView | null;
  /** Things the reader should know: a trace or details that do not fit the circuit and were left out. */
  readonly warnings: readonly string[];
}
