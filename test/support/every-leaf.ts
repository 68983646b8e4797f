import { expect } from 'vitest';

/** How near a number must be, by the path of its leaf: `layers.3.p`. Undefined: it is not compared, on purpose. */
export type Tolerance = (path: string) => number | 'equal' | undefined;

/**
 * Compares every leaf of a reference: fails on one that `got` lacks or that is not near. A leaf without a tolerance is
 * left out, which the caller says by name.
 */
export function expectEveryLeaf(reference: unknown, got: unknown, tolerance: Tolerance): void {
  const wrong: string[] = [];
  let compared = 0;
  const walk = (wanted: unknown, found: unknown, path: string): void => {
    const near = tolerance(path);
    if (near === undefined) return;
    if (typeof wanted === 'object' && wanted !== null) {
      const keys = Object.keys(wanted);
      if (Array.isArray(wanted) && (found as unknown[] | undefined)?.length !== wanted.length) {
        wrong.push(`${path}: ${(found as unknown[] | undefined)?.length} entries, not ${wanted.length}`);
        return;
      }
      for (const key of keys) {
        const below = (found as Record<string, unknown> | undefined | null)?.[key];
        walk((wanted as Record<string, unknown>)[key], below, path === '' ? key : `${path}.${key}`);
      }
      return;
    }
    compared++;
    const isNear =
      typeof wanted === 'number' && typeof near === 'number'
        ? typeof found === 'number' && Math.abs(found - wanted) <= near
        : found === wanted;
    if (!isNear) wrong.push(`${path}: ${String(found)}, not ${String(wanted)}`);
  };
  walk(reference, got, '');
  expect(wrong.slice(0, 20), `${wrong.length} of ${compared} leaves`).toEqual([]);
  expect(compared).toBeGreaterThan(0);
}
