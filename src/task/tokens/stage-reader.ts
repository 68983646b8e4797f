import { EdgewiseError } from '../../base/errors.js';
import { oneLine, quote } from '../../base/text.js';

/** Longest text that a tokenizer takes or makes, in characters: more than any model has positions for. */
export const LONGEST_TEXT = 10_000_000;

type Fields = Readonly<Record<string, unknown>>;

/** One stage of a tokenizer.json, read field by field. A field that has no sense is refused by its name. */
export class StageReader {
  readonly type: string;
  readonly #fields: Fields;
  readonly #where: string;

  /**
   * @param where the file and the place in it, for messages.
   * @throws EdgewiseError of kind config where the stage is no object with a type.
   */
  constructor(json: unknown, where: string) {
    this.#where = where;
    if (typeof json !== 'object' || json === null || !('type' in json) || typeof json.type !== 'string') {
      throw new EdgewiseError('config', where, 'expected an object with a type');
    }
    this.#fields = json as Fields;
    this.type = oneLine(json.type);
  }

  flag(key: string, absent: boolean): boolean {
    const value = this.#fields[key] ?? absent;
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  text(key: string, absent?: string): string {
    const value = this.#fields[key] ?? absent;
    return typeof value === 'string' ? value : this.fail(key, 'a text');
  }

  /** A whole number of at least `least`. */
  count(key: string, least: number, absent?: number): number {
    const value = this.#fields[key] ?? absent;
    const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
    return fits ? value : this.fail(key, `a whole number of at least ${least}`);
  }

  choice<T extends string>(key: string, choices: readonly T[], absent?: T): T {
    const value = this.#fields[key] ?? absent;
    return choices.find((choice) => choice === value) ?? this.fail(key, `one of ${choices.join(', ')}`);
  }

  /** The value as it stands; null where the key is absent. */
  value(key: string): unknown {
    return this.#fields[key] ?? null;
  }

  /** The stages of a sequence, in order. */
  stages(key: string): StageReader[] {
    const list = this.#fields[key];
    if (!Array.isArray(list)) return this.fail(key, 'a list of stages');
    return list.map((json, i) => new StageReader(json, `${this.#where}.${key}[${i}]`));
  }

  /** Refuses the value of a field. */
  fail(key: string, expected: string): never {
    const got = quote(this.#fields[key]);
    throw new EdgewiseError('config', this.#where, `${this.type}: ${key}: got ${got}, expected ${expected}`);
  }

  /**
   * Refuses a text that the stage makes so long that no model could take it.
   *
   * @param length of the text, as far as it was made.
   * @throws EdgewiseError of kind task.
   */
  limit(length: number): void {
    if (length <= LONGEST_TEXT) return;
    const most = LONGEST_TEXT.toLocaleString('en');
    const what = `${this.type} makes a text of more than ${most} characters, expected a stage that lengthens texts less`;
    throw new EdgewiseError('task', this.#where, what);
  }

  /** Refuses the stage as a whole. */
  refuse(reason: string): never {
    throw new EdgewiseError('config', this.#where, `${this.type} ${reason}`);
  }
}
