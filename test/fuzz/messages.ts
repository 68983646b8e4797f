/** What a fuzzing worker is started with. */
export interface WorkerStart {
  readonly root: string;
  /** Memory in which the worker says at which input of its reader it is. */
  readonly at: SharedArrayBuffer;
}

/** Reads inputs of one reader, from `first` until `count` were read or the time is up. */
export interface Order {
  readonly reader: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Gives the first input's bytes, and reads none. */
  readonly makeOnly?: boolean;
}

/** An input that was not taken as it should be. */
export interface Finding {
  readonly reader: string;
  readonly seed: number;
  readonly index: number;
  /** The file that was changed. */
  readonly file: string;
  readonly wrong: string;
  readonly bytes: Uint8Array;
}

/** How many inputs were read, and what was found; how many could be read: few would mean that changes hit too hard. */
export interface Answer {
  readonly read: number;
  readonly taken: number;
  readonly findings: readonly Finding[];
}
