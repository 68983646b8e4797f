/** Compares every leaf of a stored result, and fails on one that nothing compares. */
import { expect } from 'vitest';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * How the parts of a stored result at a path are compared. A path is its keys joined by dots; `*` stands for any one
 * key or place.
 */
export interface WalkRule {
  readonly at: string;
  /** Most that a number may be off. */
  readonly within?: number;
  /** Equal, and no number is off at all. */
  readonly equal?: true;
  /** Told with the reason, and not compared. */
  readonly excepted?: string;
  /**
   * A list [.., value] in falling order: values by place within the tolerance, the rest equal but where the next value
   * is as near as that.
   */
  readonly ranked?: number;
}

/** @returns how many leaves were compared. */
export function expectEveryLeaf(got: unknown, reference: unknown, rules: readonly WalkRule[]): number {
  const faults: string[] = [];
  let compared = 0;
  const walk = (mine: Json | undefined, theirs: Json, path: readonly string[]): void => {
    const rule = rules.find(({ at }) => matches(at.split('.'), path));
    const name = path.join('.');
    if (rule?.excepted !== undefined) return;
    if (rule?.ranked !== undefined) {
      compared += leaves(theirs);
      faults.push(...rankedFaults(name, mine, theirs as readonly (readonly Json[])[], rule.ranked));
    } else if (Array.isArray(theirs)) {
      const list = theirs as readonly Json[];
      const own = Array.isArray(mine) ? (mine as readonly Json[]) : [];
      if (own.length !== list.length) faults.push(`${name}: ${own.length} entries, expected ${list.length}`);
      list.forEach((value, i) => walk(own[i], value, [...path, String(i)]));
    } else if (theirs !== null && typeof theirs === 'object') {
      const own = (mine ?? {}) as { readonly [key: string]: Json };
      for (const [key, value] of Object.entries(theirs)) walk(own[key], value, [...path, key]);
    } else if (!rule) {
      faults.push(`${name}: nothing compares it`);
    } else {
      compared += 1;
      const fits =
        rule.within === undefined
          ? mine === theirs
          : typeof theirs === 'number' && Math.abs((mine as number) - theirs) <= rule.within;
      if (!fits) faults.push(`${name}: ${JSON.stringify(mine)}, expected ${JSON.stringify(theirs)}`);
    }
  };
  walk(got as Json, reference as Json, []);
  expect(faults.slice(0, 20)).toEqual([]);
  return compared;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.length === path.length && pattern.every((key, i) => key === '*' || key === path[i]);
}

function leaves(json: Json): number {
  if (json === null || typeof json !== 'object') return 1;
  return Object.values(json as object).reduce<number>((sum, value) => sum + leaves(value as Json), 0);
}

function rankedFaults(
  name: string,
  mine: Json | undefined,
  theirs: readonly (readonly Json[])[],
  tolerance: number,
): string[] {
  const own = (Array.isArray(mine) ? mine : []) as readonly (readonly Json[])[];
  if (own.length !== theirs.length) return [`${name}: ${own.length} entries, expected ${theirs.length}`];
  const value = (row: readonly Json[]): number => row.at(-1) as number;
  return theirs.flatMap((row, i) => {
    if (!(Math.abs(value(own[i]!) - value(row)) <= tolerance)) {
      return [`${name}.${i}: ${JSON.stringify(own[i])}, expected ${JSON.stringify(row)}`];
    }
    const same = JSON.stringify(own[i]!.slice(0, -1)) === JSON.stringify(row.slice(0, -1));
    const near = [theirs[i - 1], theirs[i + 1]].some(
      (other) => other !== undefined && Math.abs(value(other) - value(row)) <= 2 * tolerance,
    );
    return same || near ? [] : [`${name}.${i}: ${JSON.stringify(own[i])}, expected ${JSON.stringify(row)}`];
  });
}
