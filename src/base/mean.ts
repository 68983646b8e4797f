/** Mean in float64, added up in order: the same bits wherever it is taken. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
