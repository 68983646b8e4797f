/** A column of a table. */
export interface Column {
  /** Its least width in CSS pixels. */
  readonly width: number;
}

/**
 * The columns of a table that has not room for all: as many of the first ones as fit. The first of all names its row
 * and is always shown. Both lists keep the order of the columns.
 *
 * @param room in CSS pixels.
 * @param others shows those that would be hidden, and beside them as many of the first ones as fit.
 */
export function fittingColumns<C extends Column>(
  columns: readonly C[],
  room: number,
  others: boolean,
): { readonly shown: readonly C[]; readonly hidden: readonly C[] } {
  const [name, ...rest] = columns;
  if (!name) return { shown: [], hidden: [] };
  const first = within(rest, room - name.width);
  const left = rest.slice(first.length);
  const chosen = others && left.length > 0 ? [...left, ...first] : first;
  const shown = new Set(within(chosen, room - name.width));
  return {
    shown: [name, ...rest.filter((column) => shown.has(column))],
    hidden: rest.filter((column) => !shown.has(column)),
  };
}

/** The first columns, up to the one that there is no room for. */
function within<C extends Column>(columns: readonly C[], room: number): readonly C[] {
  let width = 0;
  const end = columns.findIndex((column) => (width += column.width) > room);
  return end < 0 ? columns : columns.slice(0, end);
}
