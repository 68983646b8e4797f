/** JSON and tables have no NaN and no infinities: null stands for them, and for what is not known. */
export function finiteOrNull(value: number | undefined): number | null {
  return Number.isFinite(value) ? value! : null;
}
