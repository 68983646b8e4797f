import { describe, expect, test } from 'vitest';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { openCheckpoint } from '../../../src/checkpoint/checkpoint.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { fixture, sharedFixtures } from '../../support/fixtures.js';
import { f32, writeSafetensors } from '../../support/safetensors-writer.js';

const one = writeSafetensors({ a: f32([2], [1, 2]) });
const two = writeSafetensors({ b: f32([1], [3]), c: f32([1], [4]) });
const weightMap = { a: 's-1.safetensors', b: 's-2.safetensors', c: 's-2.safetensors' };

function open(index: unknown, files: Record<string, Uint8Array> = { 's-1.safetensors': one, 's-2.safetensors': two }) {
  const text = typeof index === 'string' ? index : JSON.stringify(index);
  const all = { ...files, 'model.safetensors.index.json': new TextEncoder().encode(text) };
  return openCheckpoint(memoryDirectory('m', new Map(Object.entries(all))));
}

test('shards read as one checkpoint', async () => {
  const checkpoint = await open({ metadata: { total_size: 16 }, weight_map: weightMap });
  expect([...checkpoint.names()]).toEqual(['a', 'b', 'c']);
  expect(checkpoint.files.map((file) => file.name)).toEqual(['m/s-1.safetensors', 'm/s-2.safetensors']);
  expect(checkpoint.has('b')).toBe(true);
  expect(checkpoint.has('d')).toBe(false);
  expect(checkpoint.shape('a')).toEqual([2]);
  expect([...(await checkpoint.read('c'))]).toEqual([4]);
  await expect(checkpoint.read('d')).rejects.toThrow('m/model.safetensors.index.json: has no tensor d');
});

describe('a broken index', () => {
  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'model.safetensors.index.json: not valid JSON'],
    ['no map', { weight_map: [] }, 'weight_map: expected an object'],
    ['empty map', { weight_map: {} }, 'weight_map: expected an object'],
    [
      'parent folder',
      { weight_map: { ...weightMap, a: '../s-1.safetensors' } },
      'a is in "../s-1.safetensors", expected a plain name',
    ],
    ['absolute path', { weight_map: { ...weightMap, a: '/s-1.safetensors' } }, 'expected a plain name'],
    ['backslash', { weight_map: { ...weightMap, a: '..\\s-1.safetensors' } }, 'expected a plain name'],
    ['drive or stream', { weight_map: { ...weightMap, a: 'c:s-1.safetensors' } }, 'expected a plain name'],
    ['hidden by NUL', { weight_map: { ...weightMap, a: 's\0.safetensors' } }, 'expected a plain name'],
    ['no text', { weight_map: { ...weightMap, a: 3 } }, 'a is in 3, expected a plain name'],
    [
      'absent shard',
      { weight_map: { ...weightMap, a: 's-3.safetensors' } },
      'names s-3.safetensors, which is not there',
    ],
    [
      'tensor missing',
      { weight_map: { ...weightMap, d: 's-1.safetensors' } },
      'places tensor d in s-1.safetensors, which lacks it',
    ],
    ['tensor elsewhere', { weight_map: { ...weightMap, c: 's-1.safetensors' } }, 'holds tensor c, which'],
    ['tensor unlisted', { weight_map: { a: 's-1.safetensors', b: 's-2.safetensors' } }, 'holds tensor c, which'],
  ])('%s', async (_, index, message) => {
    await expect(open(index)).rejects.toThrow(message);
  });

  test('neither file there', async () => {
    await expect(openCheckpoint(memoryDirectory('m', new Map()))).rejects.toThrow(
      'm: holds neither model.safetensors nor model.safetensors.index.json',
    );
  });
});

test.skipIf(!sharedFixtures)('a checkpoint that the Hugging Face library sharded', async () => {
  const checkpoint = await openCheckpoint(await openModelDirectory(fixture('families/qwen3_sharded')));
  expect(checkpoint.files).toHaveLength(3);
  expect(checkpoint.has('model.embed_tokens.weight')).toBe(true);
});
