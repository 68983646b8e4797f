/** A kernel is bound in one place, so that its buffers and parameters are spelled once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { kernels } from '../../src/gpu/kernels.gen.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Kernels that are bound in several places, with the reason and those places. */
const SEVERAL: Readonly<Record<string, { readonly reason: string; readonly places: readonly string[] }>> = {};

const texts = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.gen.ts'))
    .map((name) => [name.replaceAll('\\', '/'), readFileSync(join(SRC, name), 'utf8')]),
);

/** Files by the kernels that they bind, a file once per binding. */
function bindings(files: ReadonlyMap<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [file, text] of files) {
    for (const [, kernel] of text.matchAll(/\boperation\(\s*'(\w+)'/g)) {
      found.set(kernel!, [...(found.get(kernel!) ?? []), file]);
    }
  }
  return found;
}

test('every kernel is bound in one place', () => {
  const places = bindings(texts);
  for (const kernel of Object.keys(kernels)) {
    const expected = SEVERAL[kernel]?.places ?? [expect.any(String)];
    expect(places.get(kernel) ?? [], `where ${kernel} is bound`).toEqual(expected);
  }
  expect([...places.keys()].filter((kernel) => !(kernel in kernels))).toEqual([]);
});

test('the number of attention ports is spelled in one place', () => {
  const spelled = [...texts].filter(([, text]) => /\b3 \* [\w.]*(heads|Heads)\b/.test(text)).map(([file]) => file);
  expect(spelled).toEqual([]);
});

test('both checks find what they look for', () => {
  const twice = new Map([
    ['a.ts', `arena.operation('embed', use); arena.operation(\n  'norm', use)`],
    ['b.ts', `gpu.operation('embed', use)`],
  ]);
  expect([...bindings(twice)]).toEqual([
    ['embed', ['a.ts', 'b.ts']],
    ['norm', ['a.ts']],
  ]);
});
