import type { Group, LayoutName, SavedFields, SavedView, SignReading } from './saved-view.js';

// Parts of a view from outside: from a URL or from a file. Each function keeps what is usable and drops the rest. Names
// are not compared with any circuit.

export const LAYOUTS: readonly LayoutName[] = ['grid', 'figure', 'tokens', 'force'];
export const SIGNS: readonly SignReading[] = ['as-stated', 'positive-helps', 'negative-helps'];

/** Largest coordinate of a place. Nothing can be dragged farther. */
const FARTHEST = 1e6;
const TERMINALS: readonly string[] = ['input', 'logits'];

/** Whether the name can be a key of a plain object: `__proto__` would set the object's prototype. */
export function isSafeKey(name: string): boolean {
  return name !== '' && name !== '__proto__';
}

export function oneOf<T>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

export function cleanNames(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return [...new Set(value.filter((name) => typeof name === 'string' && name !== ''))] as string[];
}

/**
 * A node stays in the first group that has it. A second group of the same name and a group without members are dropped.
 */
export function cleanGroups(value: unknown): Group[] {
  const groups = new Map<string, Group>();
  const taken = new Set(TERMINALS);
  for (const item of Array.isArray(value) ? value : []) {
    const { name, members } = record(item);
    if (typeof name !== 'string' || !isSafeKey(name) || groups.has(name)) continue;
    const free = cleanNames(members).filter((member) => !taken.has(member));
    if (free.length === 0) continue;
    for (const member of free) taken.add(member);
    groups.set(name, { name, members: free });
  }
  return [...groups.values()];
}

export function cleanNotes(value: unknown): Record<string, string> {
  const notes = entries(value).filter(([, note]) => typeof note === 'string' && note !== '');
  return Object.fromEntries(notes) as Record<string, string>;
}

export function cleanPositions(value: unknown): SavedFields['positions'] {
  const layouts = LAYOUTS.map((layout) => {
    const places = entries(Object.entries(record(value)).find(([key]) => key === layout)?.[1]);
    return [layout, Object.fromEntries(places.filter(([, place]) => isPlace(place)))] as const;
  });
  return Object.fromEntries(layouts.filter(([, places]) => Object.keys(places).length > 0));
}

/** The view of a file. `dropped` names the fields that a view cannot have, or not with that value. */
export function cleanSavedView(value: unknown): { readonly view: SavedView; readonly dropped: readonly string[] } {
  const given = new Map(entries(value));
  const dropped: string[] = [];
  const read = <T>(key: string, clean: (value: unknown) => T | undefined): T | undefined => {
    if (!given.has(key)) return undefined;
    const result = clean(given.get(key));
    if (result === undefined || lost(given.get(key), result)) dropped.push(key);
    return result;
  };
  const view = {
    layout: read('layout', (layout) => oneOf(layout, LAYOUTS)),
    mergePorts: read('merge_ports', (merge) => oneOf(merge, [true, false])),
    pinned: read('pinned', cleanNames),
    groups: read('groups', cleanGroups),
    notes: read('notes', cleanNotes),
    positions: read('positions', cleanPositions),
    sign: read('sign', (sign) => oneOf(sign, SIGNS)),
  };
  return { view: Object.fromEntries(Object.entries(view).filter(([, part]) => part !== undefined)), dropped };
}

/** Whether cleaning left something out. */
function lost(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

function isPlace(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((part) => typeof part === 'number' && Math.abs(part) <= FARTHEST)
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(record(value)).filter(([key]) => isSafeKey(key));
}
