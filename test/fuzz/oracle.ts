import { EdgewiseError } from '../../src/base/errors.js';
import { printable } from '../../src/base/text.js';
import type { FuzzedReader, Seed } from './reader.js';

/** Longest message: a task's tells ten faults. */
const LONGEST_MESSAGE = 5100;
/** Seconds of work for one file of at most a few hundred kilobytes. */
const SLOW = 5;
/** Values that are looked at in what was read. */
const MOST_VALUES = 300_000;

/** How a reader took a file. */
export interface Verdict {
  /** Null where nothing is wrong. */
  readonly wrong: string | null;
  /** Whether the file could be read. */
  readonly read: boolean;
}

export async function judge(reader: FuzzedReader, seed: Seed): Promise<Verdict> {
  const begun = process.cpuUsage();
  const { wrong, read } = await outcome(reader, seed);
  const prototypes = changedPrototype();
  const { user, system } = process.cpuUsage(begun);
  const seconds = (user + system) / 1e6;
  return { wrong: wrong ?? prototypes ?? (seconds > SLOW ? `slow: ${seconds.toFixed(1)} s` : null), read };
}

async function outcome(reader: FuzzedReader, seed: Seed): Promise<Verdict> {
  let value: unknown;
  try {
    value = await reader.read(seed);
  } catch (error) {
    return { wrong: reader.neverFails ? `threw ${nameOf(error)}` : wrongError(error, seed), read: false };
  }
  return { wrong: wrongNumber(value, reader) ?? (await wrongRoundTrip(value, reader, seed)), read: true };
}

function wrongError(error: unknown, seed: Seed): string | null {
  if (!(error instanceof EdgewiseError)) return `threw ${nameOf(error)}`;
  const { message } = error;
  if (message.length > LONGEST_MESSAGE) return `message of ${message.length} characters`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(message)) return `message with unseen characters: ${message}`;
  if (/undefined|\[object /.test(message) && !new TextDecoder().decode(seed.bytes).includes('undefined')) {
    return `message says nothing: ${message}`;
  }
  const names = [seed.name, ...[...(seed.beside ?? new Map()).keys()].map((name: string) => `folder/${name}`)];
  if (!names.some((name) => message.includes(printable(name))))
    return `message without the file ${seed.name}: ${message}`;
  return null;
}

/** The error's class, message and where it was thrown. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first = ''] = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return `${error.name}: ${printable(error.message).slice(0, 200)} ${first.trim()}`;
}

/** The first number in a value that no file may bring in. */
function wrongNumber(value: unknown, { numbers = 'finite' }: FuzzedReader): string | null {
  const seen = new Set<object>();
  const open: (readonly [path: string, value: unknown])[] = [['', value]];
  let looked = 0;
  for (let next = open.pop(); next !== undefined && looked < MOST_VALUES; next = open.pop(), looked++) {
    const [path, inner] = next;
    if (typeof inner === 'number') {
      const bad = numbers === 'finite' ? !Number.isFinite(inner) : Math.abs(inner) === Infinity;
      if (bad) return `read ${inner} at ${path.slice(0, 200)}`;
    }
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) continue;
    seen.add(inner);
    if (inner instanceof Map) for (const [key, item] of inner) open.push([`${path}.${String(key)}`, item]);
    else if (inner instanceof Set) for (const item of inner) open.push([`${path}.*`, item]);
    else if (!(inner instanceof Uint8Array))
      for (const [key, item] of Object.entries(inner)) open.push([`${path}.${key}`, item]);
  }
  return null;
}

async function wrongRoundTrip(value: unknown, { write, read }: FuzzedReader, seed: Seed): Promise<string | null> {
  if (!write) return null;
  const text = write(value);
  if (text === null) return null;
  let again: string | null;
  try {
    again = write(await read({ ...seed, bytes: new TextEncoder().encode(text) }));
  } catch (error) {
    return `cannot read what was written: ${nameOf(error)}`;
  }
  if (again === text) return null;
  let at = 0;
  while (at < text.length && text[at] === again?.[at]) at++;
  return `another text after writing and reading, at ${at}: ${printable(text.slice(at, at + 80))} | ${printable(again?.slice(at, at + 80) ?? 'nothing')}`;
}

const WATCHED = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Map,
  Set,
  WeakMap,
  Promise,
  RegExp,
  Error,
  Date,
  Symbol,
  Float64Array,
] as const;
const own = (): string[] =>
  WATCHED.flatMap((type) =>
    [Reflect.ownKeys(type), Reflect.ownKeys(type.prototype)].map((keys) => keys.map(String).join()),
  );
const before = own();

function changedPrototype(): string | null {
  const now = own();
  const at = now.findIndex((keys, i) => keys !== before[i]);
  if (at < 0) return null;
  const added = now[at]!.split(',').filter((key) => !before[at]!.split(',').includes(key));
  for (const type of WATCHED) {
    for (const key of added) {
      delete (type as unknown as Record<string, unknown>)[key];
      delete (type.prototype as unknown as Record<string, unknown>)[key];
    }
  }
  return `changed ${WATCHED[Math.floor(at / 2)]!.name}${at % 2 === 1 ? '.prototype' : ''}: ${added.join(', ')}`;
}
