import { parquetReadObjects } from 'hyparquet';

import { EdgewiseError } from '../../base/errors.js';
import { oneLine } from '../../base/text.js';
import type { FieldValues } from '../fields.js';
import { startsWith } from './magic.js';
import { listed, type TaskFormat } from './format.js';

export const parquet: TaskFormat = {
  name: 'parquet',
  about: 'a data frame or a data set of the hub, uncompressed or with snappy (what pandas writes)',
  recognisedBy: 'its first bytes, PAR1',
  recognises: ({ bytes }) => startsWith(bytes, 'PAR1'),
  async read({ source, bytes }) {
    let failed = false;
    const file = {
      byteLength: bytes.length,
      // The library asks for all columns at once. Where it fails while it asks, nobody hears of what comes of the
      // columns; so nothing comes of them.
      async slice(start: number, end?: number): Promise<ArrayBuffer> {
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
        return failed ? new Promise(() => {}) : bytes.slice(start, end).buffer;
      },
    };
    let rows: Record<string, unknown>[];
    try {
      rows = await parquetReadObjects({ file });
    } catch (cause) {
      failed = true;
      const reason = reasonOf(cause);
      const codec = /unsupported compression codec: (\w+)/.exec(reason)?.[1];
      const what =
        codec === undefined
          ? `is not a whole parquet file${reason === '' ? '' : ` (${reason})`}`
          : `is compressed with ${codec.toLowerCase()}; write it with snappy, as in df.to_parquet(file)`;
      throw new EdgewiseError('task', source, what, { cause });
    }
    if (rows.length === 0) throw new EdgewiseError('task', source, 'has no rows');
    return listed(
      rows.map((row) => plainNumbers(row) as FieldValues),
      'row',
    );
  },
};

/** What the library says. Where it fails by accident, its message says nothing of the file. */
function reasonOf(cause: unknown): string {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  return name === 'Error' && !/undefined|NaN/.test(message) ? oneLine(message) : '';
}

/** Integers of 64 bits come as bigint, which JSON and token ids do not know. */
function plainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plainNumbers);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainNumbers(inner)]));
}
