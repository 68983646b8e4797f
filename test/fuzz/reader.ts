/** How a file is spelled, which says what can be changed in it. */
export type Kind = 'json' | 'json-lines' | 'xml' | 'text' | 'binary' | 'safetensors';

/** A file that is read, as it is or changed. */
export interface Seed {
  /** Name of the file, which messages must tell. */
  readonly name: string;
  readonly kind: Kind;
  readonly bytes: Uint8Array;
  /** Files beside it, which stay as they are. */
  readonly beside?: ReadonlyMap<string, Uint8Array>;
}

/** One kind of file that the project reads. */
export interface FuzzedReader {
  readonly name: string;
  /** Files that can be read. */
  readonly seeds: () => readonly Seed[] | Promise<readonly Seed[]>;
  /** Reads the file whole, and whatever else is done with it before a computation. */
  readonly read: (seed: Seed) => unknown;
  /** The text that gives the same when it is read; null where nothing can be written. */
  readonly write?: (value: unknown) => string | null;
  /** Which numbers may be read: default `finite`. */
  readonly numbers?: 'finite' | 'NaN is not known';
  /** The reader takes anything: what makes no sense is left out in silence. */
  readonly neverFails?: true;
}
