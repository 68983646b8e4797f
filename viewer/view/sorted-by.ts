/** The rows by a key; those without one come last, whatever the direction. Equals keep their order. */
export function sortedBy<T>(rows: readonly T[], keyOf: (row: T) => number | string | null, downwards: boolean): T[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    return downwards ? -order : order;
  });
  return keyed.map(({ row }) => row);
}
