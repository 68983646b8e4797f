import type { Circuit } from '../../src/circuit/circuit.js';
import type { CircuitDetails } from '../../src/circuit/details.js';
import type { InputFormat } from '../../src/files/formats.js';
import type { TraceStep } from '../../src/files/own/trace.js';
import type { AttributionGraph } from '../../src/files/tools/read-attribution-graph.js';
import type { SavedView } from './saved-view.js';

/** The texts of one circuit's files. Nothing is parsed yet. */
export interface SourceFile {
  /** Name of the file: shown on the page, in messages and in the URL. */
  readonly name: string;
  /** A circuit file of any format that is read. */
  readonly text: string;
  readonly trace: string | null;
  readonly details: string | null;
  /** Address that a view is written back to. Null when the page is not served by `edgewise view`. */
  readonly saveTo: string | null;
}

/** What a page shows: a circuit, or an attribution graph. */
export type ViewerDocument = CircuitDocument | GraphDocument;

/** The files of one circuit, read and checked. */
export interface CircuitDocument extends DocumentParts {
  readonly format: 'edgewise' | 'eap-ig' | Exclude<InputFormat, 'json' | 'eap-ig'>;
  readonly circuit: Circuit;
}

/** An attribution graph. It has neither a model's shape nor details, and nothing of it can be written or compared. */
export interface GraphDocument extends DocumentParts {
  readonly format: 'attribution-graph';
  /** Null: its nodes are features, which no circuit has. */
  readonly circuit: null;
  readonly graph: AttributionGraph;
}

interface DocumentParts {
  readonly source: SourceFile;
  readonly name: string;
  /** False: the model has at least the circuit's layers and heads, and may have more. */
  readonly sizesKnown: boolean;
  /** Whether the file says what a positive score means. If it does not, the page asks. */
  readonly signStated: boolean;
  /** The file holds scores only: no edges were selected, and all are kept. */
  readonly scoresOnly: boolean;
  readonly trace: readonly TraceStep[] | null;
  readonly details: CircuitDetails | null;
  readonly savedView: SavedView | null;
  /** Messages for the reader, such as: the trace does not fit the circuit and is left out. */
  readonly warnings: readonly string[];
}
