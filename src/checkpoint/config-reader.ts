import { EdgewiseError } from '../base/errors.js';
import { quote, quoteList } from '../base/text.js';
import { isObject } from '../base/json/strict-json.js';

/**
 * Reads a config.json strictly: a key is handled by asking for it, or declared ignorable with the reason, and `finish`
 * refuses all others. Wrong numbers in silence, from an option that nobody looked at, are what this prevents.
 */
export class ConfigReader {
  readonly #where: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #handled = new Set<string>();

  /** @param where file name for messages. */
  constructor(json: unknown, where: string) {
    if (!isObject(json)) throw new EdgewiseError('config', where, 'expected a JSON object');
    this.#where = where;
    this.#values = json;
  }

  /** The value, undefined where the key is absent; the key counts as handled. */
  value(key: string): unknown {
    this.#handled.add(key);
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
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

  /** Keys that cannot change a number that this engine computes, each with the reason. */
  ignore(reasons: Readonly<Record<string, readonly string[]>>): void {
    for (const keys of Object.values(reasons)) for (const key of keys) this.#handled.add(key);
  }

  /** Refuses the value of a key. */
  fail(key: string, expected: string): never {
    const value = quote(Object.hasOwn(this.#values, key) ? this.#values[key] : undefined);
    throw new EdgewiseError('config', this.#where, `${key}: got ${value}, expected ${expected}`);
  }

  /** Refuses keys that were neither handled nor declared ignorable. */
  finish(): void {
    const unknown = Object.keys(this.#values).filter((key) => !this.#handled.has(key));
    if (unknown.length > 0) {
      const keys = `unknown key${unknown.length > 1 ? 's' : ''} ${quoteList(unknown)}`;
      throw new EdgewiseError('config', this.#where, `${keys}: not known to leave the model's numbers unchanged`);
    }
  }
}
