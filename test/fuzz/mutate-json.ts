import type { Rng } from '../../src/base/rng.js';
import { NASTY_NUMBERS, NASTY_TEXTS } from './nasty.js';

/** JSON as it is spelled, for what no value stands for: 1e999, a key that is there twice, brackets without end. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Entry = [key: string, value: Json];
/** An object is a list of entries, so that a key can be there twice. */
class Entries {
  readonly entries: Entry[];
  constructor(entries: Entry[]) {
    this.entries = entries;
  }
}
type Json = null | boolean | number | string | Raw | Json[] | Entries;

/** A place in a tree: the list or object, and which of its items. */
interface Place {
  readonly parent: Json[] | Entries;
  readonly index: number;
}

/** A tree of more values is changed no further: a list that is repeated twice and then again would never end. */
const MOST_VALUES = 100_000;

/** Changes a JSON text in a few places, each a value or a key. */
export function mutateJson(text: string, rng: Rng): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const root: Json[] = [tree(value)];
  const changes = 1 + Math.floor(rng.next() ** 3 * 6);
  for (let i = 0; i < changes && !isLarge(root); i++) change(root, rng);
  return root.map(spell).join('');
}

function isLarge(root: Json): boolean {
  const open: Json[] = [root];
  for (let seen = 0; seen < MOST_VALUES; seen++) {
    const value = open.pop();
    if (value === undefined) return false;
    if (Array.isArray(value)) for (const inner of value) open.push(inner);
    else if (value instanceof Entries) for (const [, inner] of value.entries) open.push(inner);
  }
  return true;
}

function tree(value: unknown): Json {
  if (Array.isArray(value)) return value.map(tree);
  if (typeof value !== 'object' || value === null) return value as Json;
  return new Entries(Object.entries(value).map(([key, inner]) => [key, tree(inner)]));
}

function spell(value: Json): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`;
  if (value instanceof Entries) {
    return `{${value.entries.map(([key, inner]) => `${JSON.stringify(key)}:${spell(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function itemsOf(value: Json): number {
  return Array.isArray(value) ? value.length : value instanceof Entries ? value.entries.length : 0;
}

function get({ parent, index }: Place): Json {
  return Array.isArray(parent) ? parent[index]! : parent.entries[index]![1];
}

function set({ parent, index }: Place, value: Json): void {
  if (Array.isArray(parent)) parent[index] = value;
  else parent.entries[index]![1] = value;
}

/** A walk from the root that ends anywhere: near the root as often as at a leaf, however many leaves there are. */
function pick(root: Json[], rng: Rng): Place {
  let place: Place = { parent: root, index: 0 };
  for (;;) {
    const value = get(place);
    const items = itemsOf(value);
    if (items === 0 || rng.next() < 0.2) return place;
    place = { parent: value as Json[] | Entries, index: rng.below(items) };
  }
}

function change(root: Json[], rng: Rng): void {
  const place = pick(root, rng);
  const { parent, index } = place;
  const value = get(place);
  const copy = (): Json => tree(plain(value));
  const ways: (() => void)[] = [
    () => remove(parent, index),
    () => set(place, new Raw(oneOf(NASTY_NUMBERS, rng))),
    () => set(place, oneOf(NASTY_TEXTS, rng)),
    () => set(place, oneOf<Json>([null, true, false, [], new Entries([]), [null], [[]]], rng)),
    () => set(place, [copy()]),
    () => set(place, new Entries([[oneOf(NASTY_TEXTS, rng), copy()]])),
    () => set(place, new Raw(deep(rng))),
    () => set(place, tree(plain(get(pick(root, rng))))),
    () => double(parent, index, copy()),
  ];
  if (parent instanceof Entries) {
    const entry = parent.entries[index]!;
    ways.push(
      () => (entry[0] = oneOf(NASTY_TEXTS, rng)),
      () => (entry[0] += 'x'),
      () => (entry[0] = oneOf(parent.entries, rng)[0]),
      () => parent.entries.push([oneOf(NASTY_TEXTS, rng), copy()]),
    );
  }
  if (typeof value === 'number') {
    ways.push(
      () => set(place, -value),
      () => set(place, value + 1),
      () => set(place, value / 3),
      () => set(place, String(value)),
      () => set(place, value * 1e6),
    );
  }
  if (typeof value === 'string') {
    const at = rng.below(value.length + 1);
    ways.push(
      () => set(place, value.slice(0, at) + oneOf(NASTY_TEXTS, rng) + value.slice(at)),
      () => set(place, value.slice(0, at)),
      () => set(place, value.repeat(2)),
      () => set(place, value.replace(/\d+/, oneOf(NASTY_NUMBERS, rng))),
    );
  }
  if (Array.isArray(value)) {
    ways.push(
      () => set(place, value.toReversed()),
      () =>
        set(
          place,
          Array.from({ length: 1000 }, () => value[0] ?? null),
        ),
      () => value.push(oneOf(NASTY_TEXTS, rng)),
    );
  }
  oneOf(ways, rng)();
}

/** A copy without Raw values: they stand for nothing that could be copied. */
function plain(value: Json): unknown {
  if (value instanceof Raw) return null;
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Entries
    ? Object.fromEntries(value.entries.map(([key, inner]) => [key, plain(inner)]))
    : value;
}

function remove(parent: Json[] | Entries, index: number): void {
  if (Array.isArray(parent)) parent.splice(index, 1);
  else parent.entries.splice(index, 1);
  // The root stays a value.
  if (Array.isArray(parent) && parent.length === 0) parent.push([]);
}

function double(parent: Json[] | Entries, index: number, copy: Json): void {
  if (Array.isArray(parent)) parent.splice(index, 0, copy);
  else parent.entries.push([parent.entries[index]![0], copy]);
}

function deep(rng: Rng): string {
  const levels = 10 ** (1 + rng.below(4));
  return rng.next() < 0.5 ? '['.repeat(levels) + ']'.repeat(levels) : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

export function oneOf<T>(items: readonly T[], rng: Rng): T {
  return items[rng.below(items.length)]!;
}
