import { isObject } from '../../src/base/json/strict-json.js';
import { quote } from '../../src/base/text.js';
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

/** The view of a file. `dropped` names in words what a view cannot hold. */
export function cleanSavedView(value: unknown): { readonly view: SavedView; readonly dropped: readonly string[] } {
  const given = new Map(entries(value));
  const dropped: string[] = [];
  const read = <T>(
    key: string,
    clean: (value: unknown) => T | undefined,
    lost: (value: unknown, result: T) => readonly string[],
  ): T | undefined => {
    if (!given.has(key)) return undefined;
    const before = given.get(key);
    const result = clean(before);
    if (result === undefined) dropped.push(`${key} ${quote(before)}`);
    else dropped.push(...lost(before, result));
    return result;
  };
  const nothing = (): readonly string[] => [];
  const view = {
    layout: read('layout', (layout) => oneOf(layout, LAYOUTS), nothing),
    mergePorts: read('merge_ports', (merge) => oneOf(merge, [true, false]), nothing),
    pinned: read('pinned', listed(cleanNames), lostNames),
    groups: read('groups', listed(cleanGroups), lostGroups),
    notes: read('notes', named(cleanNotes), (notes, kept) =>
      lostKeys(notes, kept).map((name) => `the note on ${name}`),
    ),
    positions: read('positions', named(cleanPositions), lostPlaces),
    sign: read('sign', (sign) => oneOf(sign, SIGNS), nothing),
  };
  return { view: Object.fromEntries(Object.entries(view).filter(([, part]) => part !== undefined)), dropped };
}

/** Nothing for what is no list, which `clean` takes for an empty one. */
function listed<T>(clean: (value: unknown) => T): (value: unknown) => T | undefined {
  return (value) => (Array.isArray(value) ? clean(value) : undefined);
}

function named<T>(clean: (value: unknown) => T): (value: unknown) => T | undefined {
  return (value) => (isObject(value) ? clean(value) : undefined);
}

function lostNames(names: unknown, kept: readonly string[]): string[] {
  return (names as readonly unknown[])
    .filter((name) => !kept.includes(name as string))
    .map((name) => `pinned ${quote(name)}`);
}

/** Groups that are left out, or that lose members. */
function lostGroups(groups: unknown, kept: readonly Group[]): string[] {
  return (groups as readonly unknown[]).flatMap((group, i) => {
    const { name, members } = record(group);
    const first = (groups as readonly unknown[]).findIndex((one) => record(one)['name'] === name) === i;
    const clean = first && kept.find((one) => one.name === name);
    if (clean && JSON.stringify(clean.members) === JSON.stringify(members)) return [];
    const which = `the group ${quote(name)}`;
    return [clean ? `nodes of ${which} that are no names, or are in another group` : which];
  });
}

function lostPlaces(positions: unknown, kept: SavedFields['positions']): string[] {
  return Object.entries(record(positions)).flatMap(([layout, places]) => {
    const clean = LAYOUTS.includes(layout as LayoutName) ? (kept[layout as LayoutName] ?? {}) : undefined;
    if (!clean) return [`places in a layout ${quote(layout)}`];
    if (!isObject(places)) return [`places ${quote(places)}`];
    return lostKeys(places, clean).map((node) => `the place of ${node}`);
  });
}

function lostKeys(before: unknown, kept: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record(before))
    .filter((key) => !Object.hasOwn(kept, key))
    .map(quote);
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
