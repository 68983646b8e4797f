import {
  cleanGroups,
  cleanNames,
  cleanNotes,
  cleanPositions,
  isSafeKey,
  LAYOUTS,
  oneOf,
  SIGNS,
} from '../data/clean-view.js';
import type { Measure } from '../data/measure.js';
import { DEFAULT_VIEW, type AttentionView, type LimitKind, type ViewState } from './view-state.js';

/** How one key of the URL is written and read. */
interface Field {
  /** Null when the view has the default. */
  write(view: ViewState): string | null;
  /** The fields that the text sets. None when the text makes no sense. */
  read(text: string): Partial<ViewState>;
}

const THEMES: readonly ViewState['theme'][] = ['auto', 'light', 'dark'];
const HUES: readonly ViewState['hue'][] = ['sign', 'port', 'source'];
const TABS: readonly ViewState['tab'][] = [
  'card',
  'heads',
  'edges',
  'paths',
  'prompts',
  'compare',
  'history',
  'results',
];
const MEASURES: readonly Measure[] = ['circuit', 'decided', 'share'];
const LIMITS: readonly LimitKind[] = ['circuit', 'top', 'effect', 'share'];
/** The words of the key `attention`, and what each says. A field without its word has its default. */
const ATTENTION_WORDS: Readonly<Record<string, Partial<AttentionView>>> = {
  corrupted: { run: 'corrupted' },
  difference: { run: 'difference' },
  lines: { as: 'lines' },
  used: { rows: 'used' },
  wide: { wide: true },
};
/** The largest number that is read. GPT-2 XL has 2.2 million edges. */
const MOST = 1e9;

/**
 * Keys in the order in which they are written. Commas separate the items of a list, colons the parts of a pair. Every
 * name is percent-encoded, and so holds neither.
 */
const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['file', textField('file')],
  ['with', textField('compareWith')],
  ['layout', choiceField('layout', LAYOUTS)],
  ['theme', choiceField('theme', THEMES)],
  ['draw', choiceField('drawnBy', MEASURES)],
  ['hue', choiceField('hue', HUES)],
  ['merge', flagField('mergePorts')],
  ['connected', flagField('hideUnconnected')],
  ['scope', choiceField('scope', ['circuit', 'all'])],
  ['paths', { write: ({ onPaths }) => (onPaths === null ? null : `${Number(onPaths)}`), read: readPaths }],
  ['by', { write: writeBy, read: readBy }],
  ...LIMITS.map((kind) => [kind, limitField(kind)] as const),
  ['ports', setField('ports')],
  ['kinds', setField('kinds')],
  ['layers', { write: ({ layers }) => layers && layers.join('-'), read: readLayers }],
  ['find', { write: ({ query }) => query && encode(query), read: (text) => ({ query: decode(text) }) }],
  ['show', textField('selected')],
  ['pin', { write: ({ pinned }) => list(pinned), read: (text) => ({ pinned: cleanNames(readList(text)) }) }],
  ['groups', { write: ({ groups }) => writeGroups(groups), read: readGroups }],
  ['notes', { write: ({ notes }) => writeNotes(notes), read: readNotes }],
  ...LAYOUTS.map((layout) => [`at.${layout}`, placesField(layout)] as const),
  ['sign', choiceField('sign', SIGNS)],
  ['step', countField('step')],
  ['blink', choiceField('blink', ['a', 'b'])],
  ['tab', choiceField('tab', TABS)],
  ['prompt', countField('prompt')],
  ['attention', { write: writeAttention, read: readAttention }],
]);

/** The view as the part of a URL after `#`. Fields with their defaults are left out. Places are rounded to 0.01. */
export function encodeView(view: ViewState): string {
  const parts: string[] = [];
  for (const [key, field] of FIELDS) {
    const text = field.write(view);
    if (text) parts.push(`${key}=${text}`);
  }
  return parts.join('&');
}

/**
 * The view in the hash of a URL, with or without `#`. Unknown keys are ignored. A field whose text makes no sense has
 * its default.
 */
export function decodeView(hash: string): ViewState {
  let view = DEFAULT_VIEW;
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    const field = at > 0 ? FIELDS.get(part.slice(0, at)) : undefined;
    if (!field) continue;
    try {
      const change = field.read(part.slice(at + 1));
      view = { ...view, ...change, positions: { ...view.positions, ...change.positions } };
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  return view;
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
}

/** @throws URIError when the text is not percent-encoded. */
function decode(text: string): string {
  return decodeURIComponent(text);
}

function list(names: readonly string[]): string {
  return names.map(encode).join(',');
}

function readList(text: string): string[] {
  return text.split(',').map(decode);
}

function pairs(text: string): [string, string][] {
  return text.split(',').map((pair) => {
    const at = pair.indexOf(':');
    return at < 0 ? ['', ''] : [decode(pair.slice(0, at)), pair.slice(at + 1)];
  });
}

function textField(key: 'file' | 'compareWith' | 'selected'): Field {
  return {
    write: (view) => encode(view[key] ?? ''),
    read: (text) => (text === '' ? {} : { [key]: decode(text) }),
  };
}

function choiceField<K extends 'layout' | 'theme' | 'drawnBy' | 'hue' | 'scope' | 'sign' | 'blink' | 'tab'>(
  key: K,
  choices: readonly NonNullable<ViewState[K]>[],
): Field {
  return {
    write: (view) => (view[key] === DEFAULT_VIEW[key] ? null : view[key]),
    read: (text) => ({ [key]: oneOf(text, choices) ?? DEFAULT_VIEW[key] }),
  };
}

function flagField(key: 'mergePorts' | 'hideUnconnected'): Field {
  return { write: (view) => (view[key] ? '1' : null), read: (text) => ({ [key]: text === '1' }) };
}

function countField(key: 'step' | 'prompt'): Field {
  return {
    write: (view) => (view[key] === null ? null : `${view[key]}`),
    read: (text) => ({ [key]: readNumber(text, /^\d+$/) }),
  };
}

function limitField(kind: LimitKind): Field {
  return {
    write: ({ limit, limitBy }) => (limit !== null && limitBy === kind ? `${limit}` : null),
    read: (text) => {
      const limit = readNumber(text, /^\d+(\.\d+)?(e[+-]?\d+)?$/);
      return limit === null || (kind === 'share' && limit > 1) ? {} : { limitBy: kind, limit };
    },
  };
}

/** The number, or null when the text does not have the form or the number is too large. */
function readNumber(text: string, form: RegExp): number | null {
  return form.test(text) && Number(text) <= MOST ? Number(text) : null;
}

function writeBy({ limit, limitBy }: ViewState): string | null {
  return limit === null && limitBy !== DEFAULT_VIEW.limitBy ? limitBy : null;
}

function readBy(text: string): Partial<ViewState> {
  const limitBy = oneOf(text, LIMITS);
  return limitBy ? { limitBy } : {};
}

function readPaths(text: string): Partial<ViewState> {
  return text === '0' || text === '1' ? { onPaths: text === '1' } : {};
}

function writeAttention({ attention }: ViewState): string {
  const words = Object.entries(ATTENTION_WORDS).filter(([, said]) =>
    Object.entries(said).every(([key, value]) => attention[key as keyof AttentionView] === value),
  );
  return words.map(([word]) => word).join(',');
}

/** Of two words for one field, the last one holds. */
function readAttention(text: string): Partial<ViewState> {
  const said = text.split(',').map((word) => Object.entries(ATTENTION_WORDS).find(([known]) => known === word)?.[1]);
  return { attention: Object.assign({}, DEFAULT_VIEW.attention, ...said) as AttentionView };
}

/** The members of a set that are on, or `none`. */
function setField(key: 'ports' | 'kinds'): Field {
  const members = Object.keys(DEFAULT_VIEW[key]);
  return {
    write: (view) => {
      const on = members.filter((member) => (view[key] as Readonly<Record<string, boolean>>)[member]);
      return on.length === members.length ? null : on.join(',') || 'none';
    },
    read: (text) => {
      const on = text.split(',');
      if (text !== 'none' && !on.every((member) => members.includes(member))) return {};
      return { [key]: Object.fromEntries(members.map((member) => [member, on.includes(member)])) };
    },
  };
}

function readLayers(text: string): Partial<ViewState> {
  const match = /^(\d{1,4})-(\d{1,4})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  return first <= last ? { layers: [first, last] } : {};
}

function writeGroups(groups: ViewState['groups']): string {
  return groups.map(({ name, members }) => `${encode(name)}:${list(members)}`).join(';');
}

function readGroups(text: string): Partial<ViewState> {
  const groups = text.split(';').map((group) => {
    const at = group.indexOf(':');
    return at < 0 ? null : { name: decode(group.slice(0, at)), members: readList(group.slice(at + 1)) };
  });
  return { groups: cleanGroups(groups) };
}

function writeNotes(notes: ViewState['notes']): string {
  return Object.entries(notes)
    .map(([name, note]) => `${encode(name)}:${encode(note)}`)
    .join(',');
}

function readNotes(text: string): Partial<ViewState> {
  return { notes: cleanNotes(Object.fromEntries(pairs(text).map(([name, note]) => [name, decode(note)]))) };
}

function placesField(layout: (typeof LAYOUTS)[number]): Field {
  return {
    write: ({ positions }) =>
      Object.entries(positions[layout] ?? {})
        .map(([name, [x, y]]) => `${encode(name)}:${rounded(x)}:${rounded(y)}`)
        .join(','),
    read: (text) => {
      const places: [string, unknown][] = pairs(text)
        .filter(([name, place]) => isSafeKey(name) && /^-?\d+(\.\d+)?:-?\d+(\.\d+)?$/.test(place))
        .map(([name, place]) => [name, place.split(':').map(Number)]);
      return { positions: cleanPositions({ [layout]: Object.fromEntries(places) }) };
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
