import { EdgewiseError } from '../base/errors.js';
import { isObject } from '../base/json/strict-json.js';
import { nearestName } from '../base/nearest.js';
import { quote } from '../base/text.js';
import { firstNames } from './first-names.js';

/** Keys that cannot change a number that this engine computes, and why. */
export interface InertKeys {
  readonly reason: string;
  readonly keys?: readonly string[];
  /** Names of whole kinds of keys. */
  readonly pattern?: RegExp;
}

export interface ConfigReaderOptions {
  /** Key -> other names under which the family's own code takes the same value. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  readonly inert?: readonly InertKeys[];
  /** Keys that the user says do not change the model's numbers. */
  readonly ignored?: readonly string[];
  /** The object is a value of another: the user cannot ignore its keys. */
  readonly isSection?: boolean;
}

/** Longest list of unknown keys that a message shows as a flag's value, in characters. */
const LONGEST_LIST = 150;

/**
 * Reads a config.json strictly: a key is handled by asking for it, or known as inert with the reason, or ignored by
 * the user, and `finish` refuses all others. Wrong numbers in silence, from an option that nobody looked at, are what
 * this prevents.
 */
export class ConfigReader {
  readonly #where: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #options: ConfigReaderOptions;
  readonly #handled = new Set<string>();
  /** Key -> the other name whose value stands for it. */
  readonly #standIns = new Map<string, string>();

  /**
   * @param where file name for messages.
   * @throws EdgewiseError of kind config where two names of one value disagree.
   */
  constructor(json: unknown, where: string, options: ConfigReaderOptions = {}) {
    if (!isObject(json)) throw new EdgewiseError('config', where, 'expected a JSON object');
    this.#where = where;
    this.#values = new Map(Object.entries(json));
    this.#options = options;
    for (const [key, names] of Object.entries(options.aliases ?? {})) this.#readAliases(key, names);
  }

  #readAliases(key: string, names: readonly string[]): void {
    for (const name of names) {
      this.#handled.add(name);
      const value = this.#values.get(name) ?? null;
      if (value === null) continue;
      if (this.#values.has(key) || this.#standIns.has(key)) this.#sameAs(name, key, this.value(key));
      else this.#standIns.set(key, name);
    }
  }

  /** The value, undefined where the key is absent; the key counts as handled. */
  value(key: string): unknown {
    this.#handled.add(key);
    return this.#values.get(this.#standIns.get(key) ?? key);
  }

  /** Whether the key has a value other than null. The key does not count as handled. */
  isStated(key: string): boolean {
    return (this.#values.get(this.#standIns.get(key) ?? key) ?? null) !== null;
  }

  /** An integer from 1 to `limit`. */
  size(key: string, limit: number): number {
    const value = this.value(key);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= limit) return value;
    return this.fail(key, `an integer from 1 to ${limit}`);
  }

  /** Like `size`, but undefined where the key is absent or null. */
  optionalSize(key: string, limit: number): number | undefined {
    return this.value(key) === undefined || this.value(key) === null ? undefined : this.size(key, limit);
  }

  /** A finite number above 0. */
  positive(key: string, absent: number): number {
    const value = this.value(key) ?? absent;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    return this.fail(key, 'a finite number above 0');
  }

  /** Like `positive`, but undefined where the key is absent or null. */
  optionalPositive(key: string): number | undefined {
    return (this.value(key) ?? null) === null ? undefined : this.positive(key, 0);
  }

  flag(key: string, absent: boolean): boolean {
    const value = this.value(key) ?? absent;
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  /** What `choices` gives for the value; others are refused by name. */
  choice<T>(key: string, absent: string, choices: Readonly<Record<string, T>>): T {
    const value = this.value(key) ?? absent;
    if (typeof value === 'string' && Object.hasOwn(choices, value)) return choices[value]!;
    return this.fail(key, `one of ${Object.keys(choices).join(', ')}`);
  }

  /** A token id, or null where it is absent or null. Whether it is in the vocabulary matters only where it is used. */
  tokenId(key: string): number | null {
    const value = this.value(key) ?? null;
    if (value === null) return null;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.fail(key, 'a token id or null');
  }

  /**
   * Keys by which other programs say a value that is known here by another name. They must agree, unless the user
   * ignores them.
   *
   * @param name what has the value here, for messages.
   * @param read what the value of such a key means.
   */
  restated(name: string, value: unknown, keys: readonly string[], read = (stated: unknown): unknown => stated): void {
    for (const key of keys) {
      if (this.#isIgnored(key)) continue;
      this.#handled.add(key);
      if ((this.#values.get(key) ?? null) !== null) this.#sameAs(key, name, value, read);
    }
  }

  /** A reader of the object under a key, undefined where the key is absent or null. The caller finishes it. */
  section(key: string, options: Pick<ConfigReaderOptions, 'aliases'> = {}): ConfigReader | undefined {
    const value = this.value(key) ?? null;
    if (value === null) return undefined;
    if (!isObject(value)) return this.fail(key, 'an object or null');
    return new ConfigReader(value, `${this.#where}: ${this.#standIns.get(key) ?? key}`, {
      ...options,
      isSection: true,
    });
  }

  /** Keys that change what a model computes unless they are absent, null or have this value. */
  fixed(value: unknown, keys: readonly string[]): void {
    for (const key of keys) {
      if ((this.value(key) ?? value) !== value) this.fail(key, `${quote(value)}: models with it are not supported`);
    }
  }

  #sameAs(key: string, name: string, value: unknown, read = (stated: unknown): unknown => stated): void {
    if (read(this.#values.get(key)) !== value) this.fail(key, `the same as ${name} = ${quote(value)}`);
  }

  /** Refuses what several keys say together. */
  refuse(what: string): never {
    throw new EdgewiseError('config', this.#where, what);
  }

  /** Refuses the value of a key. */
  fail(key: string, expected: string): never {
    const name = this.#standIns.get(key) ?? key;
    const what = `${name}: got ${quote(this.#values.get(name))}, expected ${expected}`;
    const meant = this.#values.has(name) ? undefined : nearestName(name, [...this.#values.keys()]);
    const hint = meant === undefined ? '' : `; did ${quote(meant)} mean ${name}?`;
    throw new EdgewiseError('config', this.#where, what + hint);
  }

  /**
   * Refuses keys that are neither handled, inert nor ignored by the user, and keys that the user cannot ignore.
   *
   * @throws EdgewiseError of kind config.
   */
  finish(): void {
    for (const key of this.#options.ignored ?? []) this.#checkIgnored(key);
    const unknown = [...this.#values.keys()].filter(
      (key) => !this.#handled.has(key) && !this.#isInert(key) && !this.#isIgnored(key),
    );
    if (unknown.length === 0) return;
    const names = firstNames(unknown, (key) => this.#named(key));
    const keys = `unknown key${unknown.length > 1 ? 's' : ''} ${names}`;
    if (this.#options.isSection) this.refuse(`${keys}: not known to leave the model's numbers unchanged`);
    const plain = unknown.every(isPlain) ? unknown.join(',') : '';
    const list = plain !== '' && plain.length <= LONGEST_LIST ? plain : 'key,key';
    const wayOut = `if they change nothing, --ignore-config ${list} (ignoreConfig of the library) goes on without them`;
    throw new EdgewiseError(
      'config',
      this.#where,
      `${keys}: not known to leave the model's numbers unchanged; ${wayOut}`,
    );
  }

  #checkIgnored(key: string): void {
    const what = `${quote(key)} cannot be ignored (--ignore-config)`;
    if (!this.#values.has(key)) {
      const meant = nearestName(key, [...this.#values.keys()]);
      const hint = meant === undefined ? '' : `; ${quote(meant)} is there`;
      throw new EdgewiseError('config', this.#where, `${what}: there is no such key${hint}`);
    }
    if (this.#handled.has(key)) {
      throw new EdgewiseError('config', this.#where, `${what}: it says what the model computes`);
    }
  }

  /** The key, and what it may be a misspelling of. */
  #named(key: string): string {
    const known = [...this.#handled, ...(this.#options.inert ?? []).flatMap(({ keys }) => keys ?? [])];
    const meant = nearestName(key, known);
    return quote(key) + (meant === undefined ? '' : ` (${meant}?)`);
  }

  #isInert(key: string): boolean {
    return (this.#options.inert ?? []).some(({ keys, pattern }) => keys?.includes(key) || pattern?.test(key));
  }

  #isIgnored(key: string): boolean {
    return this.#options.ignored?.includes(key) ?? false;
  }
}

/** Whether a key can stand in a list after a flag as it is. */
function isPlain(key: string): boolean {
  return /^[\w.-]{1,60}$/.test(key);
}
