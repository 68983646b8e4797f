import type { PlacePart } from '../block/place-parts.js';
import { OF_MLPS, type Place } from '../block/places.js';
import type { GradientFrame } from '../gradient/gradient-frame.js';

/** Part of a place of one layer, in one run. What is left out means all. */
export interface PartOfLane {
  readonly place: Place;
  /** 0 for places that are there once. */
  readonly layer: number;
  readonly heads?: readonly number[];
  /** Token positions of the prompt. */
  readonly positions?: readonly number[];
  /** Key positions of scores and patterns; dimensions of other places. */
  readonly columns?: readonly number[];
}

/** What a run is given at a place, or what is added to what it has there. */
export interface Change extends PartOfLane {
  /** One number for all, or [heads, positions, columns] of the part. */
  readonly values: number | Float32Array<ArrayBuffer>;
  /** Default `set`. */
  readonly how?: 'set' | 'add';
}

/** The first writer group whose stream a part touches, or the number of groups for the logits. */
export function firstGroup({ groups, portGroups }: GradientFrame, { place, layer }: PartOfLane): number {
  if (place === 'embedding') return 0;
  if (place === 'logits') return groups.length;
  if (place === 'residual') {
    return portGroups.find((group) => group.kind !== 'mlp' && group.layer === layer)?.reads ?? 0;
  }
  const kind = OF_MLPS.includes(place) ? 'mlp' : 'heads';
  return groups.find((group) => group.kind === kind && group.layer === layer)?.index ?? 0;
}

/** Changes of several lanes that one set of a place makes. */
export interface MergedChange {
  readonly part: PlacePart;
  readonly values: number | Float32Array<ArrayBuffer>;
  readonly how: 'set' | 'add';
}

/**
 * Joins changes of equal place, layer, heads, columns and kind: one binding each. Their order stays. Heads are spelled
 * out where a place has them.
 */
export function mergedChanges(
  all: readonly { readonly change: Change; readonly rows: readonly number[] }[],
): MergedChange[] {
  const kinds = new Map<string, (typeof all)[number][]>();
  // A row that two changes of one lane touch is changed by both, one after the other.
  const times = new Map<string, number>();
  for (const one of all) {
    const { place, layer, heads, columns, values, how = 'set' } = one.change;
    const touched = one.rows.map((row) => `${place} ${layer} ${row}`);
    const turn = Math.max(...touched.map((row) => times.get(row) ?? 0));
    for (const row of touched) times.set(row, turn + 1);
    const constant = typeof values === 'number' ? values : 'numbers';
    const key = JSON.stringify([turn, place, layer, heads ?? null, columns ?? null, constant, how]);
    kinds.set(key, [...(kinds.get(key) ?? []), one]);
  }
  const turns = [...kinds].toSorted(([a], [b]) => (JSON.parse(a) as [number])[0] - (JSON.parse(b) as [number])[0]);
  return turns.map(([, same]) => {
    const { place, layer, heads, columns, how = 'set' } = same[0]!.change;
    const rows = same.flatMap((one) => one.rows);
    const part = { place, layers: [layer], rows, ...(heads && { heads }), ...(columns && { columns }) };
    return { part, values: joined(same), how };
  });
}

/** [heads, rows of all, columns] from the [heads, rows, columns] of each. */
function joined(
  same: readonly { readonly change: Change; readonly rows: readonly number[] }[],
): number | Float32Array<ArrayBuffer> {
  const { values, heads } = same[0]!.change;
  if (typeof values === 'number') return values;
  if (same.length === 1) return values;
  const parts = same.map(({ change, rows }) => ({ values: change.values as Float32Array, rows: rows.length }));
  const cells = parts.reduce((sum, part) => sum + part.values.length, 0);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const result = new Float32Array(cells);
  const units = heads?.length ?? 1;
  const columns = cells / rows / units;
  let at = 0;
  for (const part of parts) {
    for (let unit = 0; unit < units; unit++) {
      const size = part.rows * columns;
      result.set(part.values.subarray(unit * size, (unit + 1) * size), (unit * rows + at) * columns);
    }
    at += part.rows;
  }
  return result;
}
