/** How much of some work is done, in any unit: of parts that take differently long their number says little. */
export interface WorkProgress {
  /** Without what an earlier run did. */
  readonly done: number;
  /** An estimate of what is left, worked out when it is asked for; undefined where that cannot be said. */
  readonly left: () => number | undefined;
}

/** How many bytes of so many were read. */
export interface ByteProgress {
  readonly bytes: number;
  readonly total: number;
}
