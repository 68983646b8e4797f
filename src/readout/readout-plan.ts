/** How many circuits and prompts one readout covers. */
export interface ReadoutShape {
  readonly circuits: number;
  readonly prompts: number;
}

/** Shapes of what is copied to the host. */
export function readoutTensors(shape: ReadoutShape) {
  const rows = shape.circuits * shape.prompts;
  return {
    kl: [rows],
    logitDifferences: [rows],
    probabilityScores: [rows, 2],
    best: [rows],
  } satisfies Record<string, readonly number[]>;
}
