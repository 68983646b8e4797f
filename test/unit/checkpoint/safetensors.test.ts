import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../src/checkpoint/byte-source.js';
import { equalTensors, readSafetensorsHeader, readTensor } from '../../../src/checkpoint/safetensors.js';
import { f32, joinFile, writeSafetensors } from '../../support/safetensors-writer.js';

const read = (bytes: Uint8Array) => readSafetensorsHeader(memorySource('m.safetensors', bytes));
const data = new Uint8Array(16);
const entry = (fields: object): string =>
  JSON.stringify({ w: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16], ...fields } });

describe('a valid file', () => {
  test('gives names, types, shapes and values; odd alignment included', async () => {
    const halves = new Uint8Array(Uint16Array.from([0x3c00, 0xc000, 0x0001]).buffer);
    const tensors = await read(
      writeSafetensors({
        odd: { dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) },
        a: f32([2, 3], [1, 2, 3, 4, 5, 6.5]),
        h: { dtype: 'F16', shape: [3], bytes: halves },
        b: { dtype: 'BF16', shape: [3, 1], bytes: halves },
        none: f32([0, 4], []),
        scalar: f32([], [9]),
      }),
    );
    expect([...tensors.values()].map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ['odd', 'U8', [1]],
      ['a', 'F32', [2, 3]],
      ['h', 'F16', [3]],
      ['b', 'BF16', [3, 1]],
      ['none', 'F32', [0, 4]],
      ['scalar', 'F32', []],
    ]);
    expect([...(await readTensor(tensors.get('a')!))]).toEqual([1, 2, 3, 4, 5, 6.5]);
    expect([...(await readTensor(tensors.get('h')!))]).toEqual([1, -2, 2 ** -24]);
    expect([...(await readTensor(tensors.get('b')!))]).toEqual([2 ** -7, -2, 2 ** -133]);
    expect([...(await readTensor(tensors.get('none')!))]).toEqual([]);
    expect([...(await readTensor(tensors.get('scalar')!))]).toEqual([9]);
  });

  test('tensors of other types are listed and refused when read', async () => {
    const tensors = await read(writeSafetensors({ d: { dtype: 'F64', shape: [2], bytes: data } }));
    await expect(readTensor(tensors.get('d')!)).rejects.toThrow(
      'm.safetensors: tensor d is stored as F64, expected F32, F16, BF16',
    );
  });

  test('what was read can be changed without changing the source', async () => {
    const tensors = await read(writeSafetensors({ a: f32([2], [1, 2]) }));
    (await readTensor(tensors.get('a')!)).fill(0);
    expect([...(await readTensor(tensors.get('a')!))]).toEqual([1, 2]);
  });
});

test('tensors are compared to the last number, in pieces, whatever they are stored as', async () => {
  // One number more than a piece has.
  const count = 2 ** 22 + 1;
  const ones = new Uint16Array(count).fill(0x3f80);
  const other = ones.slice();
  other[count - 1] = 0x4000;
  const bf16 = (values: Uint16Array) => ({ dtype: 'BF16', shape: [count], bytes: new Uint8Array(values.buffer) });
  const tensors = await read(
    writeSafetensors({
      ones: bf16(ones),
      other: bf16(other),
      wide: f32([count], new Float32Array(count).fill(1)),
      short: f32([1], [1]),
      none: f32([2], [Number.NaN, 1]),
    }),
  );
  const equal = (a: string, b: string) => equalTensors(tensors.get(a)!, tensors.get(b)!);
  expect(await equal('ones', 'wide')).toBe(true);
  expect(await equal('ones', 'other')).toBe(false);
  expect(await equal('other', 'wide')).toBe(false);
  expect(await equal('short', 'ones')).toBe(false);
  expect(await equal('ones', 'short')).toBe(false);
  expect(await equal('none', 'none')).toBe(false);
});

describe('a broken file', () => {
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'is 0 bytes long'],
    ['shorter than its length field', new Uint8Array(7), 'is 7 bytes long'],
    [
      'header cut off',
      writeSafetensors({ a: f32([4], [1, 2, 3, 4]) }).slice(0, 40),
      'but only 32 bytes follow (truncated?)',
    ],
    [
      'data cut off',
      writeSafetensors({ a: f32([4], [1, 2, 3, 4]) }).slice(0, -1),
      'lie outside the 15 bytes of data (truncated?)',
    ],
    [
      'header of 2^63 bytes',
      joinFile('{}', [], 2n ** 63n),
      'header length 9223372036854776000, expected at most 100000000',
    ],
    ['header of 101 MB', joinFile('{}', [], 101_000_000n), 'expected at most 100000000'],
    ['no JSON', joinFile('{"w": ', [data]), '(header): not valid JSON at line 1, column 7'],
    ['no UTF-8', joinFile('', [], 0n), 'not valid JSON'],
    ['an array', joinFile('[]', []), 'header: expected a JSON object'],
    ['bytes that are no text', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 'is not UTF-8 text'],
    ['entry no object', joinFile('{"w": 3}', [data]), 'tensor w: expected an object in the header, got 3'],
    ['unknown type', joinFile(entry({ dtype: 'F33' }), [data]), 'tensor w: unknown dtype "F33"'],
    ['type from the prototype', joinFile(entry({ dtype: 'constructor' }), [data]), 'unknown dtype "constructor"'],
    ['type no text', joinFile(entry({ dtype: 4 }), [data]), 'unknown dtype 4'],
    ['negative size', joinFile(entry({ shape: [-2, -2] }), [data]), 'shape [-2, -2], expected'],
    ['fractional size', joinFile(entry({ shape: [2.5] }), [data]), 'shape [2.5], expected'],
    ['huge size', joinFile(entry({ shape: [2 ** 53, 0] }), [data]), 'expected an array of non-negative integers'],
    ['shape no array', joinFile(entry({ shape: '4' }), [data]), 'shape "4", expected'],
    ['product too large', joinFile(entry({ shape: [2 ** 40, 2 ** 40] }), [data]), 'takes 4.835703278458517e+24 bytes'],
    [
      'shape and range differ',
      joinFile(entry({ shape: [2, 3] }), [data]),
      'F32 [2, 3] takes 24 bytes, data_offsets give 16',
    ],
    ['three offsets', joinFile(entry({ data_offsets: [0, 8, 16] }), [data]), 'expected two non-negative integers'],
    ['negative offset', joinFile(entry({ data_offsets: [-16, 0] }), [data]), 'expected two non-negative integers'],
    ['reversed offsets', joinFile(entry({ data_offsets: [16, 0] }), [data]), 'end before they begin'],
    [
      'offsets outside',
      joinFile(entry({ data_offsets: [16, 32] }), [data]),
      'data_offsets 16..32 lie outside the 16 bytes',
    ],
    [
      'a gap',
      joinFile(entry({ data_offsets: [4, 20] }), [data, data]),
      'leave a gap before them (start 4, expected 0)',
    ],
    ['bytes left over', joinFile(entry({}), [data, data]), '16 bytes after the last tensor belong to no tensor'],
    [
      'overlap',
      joinFile(
        '{"a":{"dtype":"U8","shape":[10],"data_offsets":[0,10]},"b":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}}',
        [data],
      ),
      'tensor b: its bytes overlap those of another tensor (start 8, expected 10)',
    ],
    [
      'one name twice',
      joinFile(
        '{"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
        [data],
      ),
      'the key "a" is there twice',
    ],
  ])('%s', async (_, bytes, message) => {
    const failure = await read(bytes).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: 'EdgewiseError', kind: 'checkpoint' });
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message).toMatch(/^m\.safetensors/);
  });
});
