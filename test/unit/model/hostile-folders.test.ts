/** Model folders that were made to break the reader: a model, or one line that says what is wrong. */
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { openModel } from '../../../src/model/load-model.js';
import { fixture, fixtureJson } from '../../support/fixtures.js';

const config = await fixtureJson<Record<string, unknown>>('families/gpt2/config.json');
const weights = new Uint8Array(await readFile(fixture('families/gpt2/model.safetensors')));
const headerBytes = Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
const header = JSON.parse(new TextDecoder().decode(weights.subarray(8, 8 + headerBytes))) as Record<string, unknown>;
const data = weights.subarray(8 + headerBytes);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function safetensors(text: string, rest = data): Uint8Array {
  const head = bytes(text);
  const file = new Uint8Array(8 + head.length + rest.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  file.set(rest, 8 + head.length);
  return file;
}

/** The message of the refusal, undefined for a model. Anything but one short line of an EdgewiseError fails. */
async function refusal(files: Readonly<Record<string, Uint8Array>>): Promise<string | undefined> {
  try {
    const model = await openModel(memoryDirectory('m', new Map(Object.entries(files))));
    expect(Number.isFinite(model.spec.width)).toBe(true);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(EdgewiseError);
    const { message } = error as Error;
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(message.length).toBeLessThanOrEqual(700);
    expect(message).toMatch(/^m\b/);
    return message;
  }
}

const withConfig = (text: string): Promise<string | undefined> =>
  refusal({ 'config.json': bytes(text), 'model.safetensors': weights });
const withHeader = (text: string): Promise<string | undefined> =>
  refusal({ 'config.json': bytes(JSON.stringify(config)), 'model.safetensors': safetensors(text) });

test('the sound folder', async () => {
  expect(await withConfig(JSON.stringify(config))).toBeUndefined();
  expect(await withHeader(JSON.stringify(header))).toBeUndefined();
});

test.each(['config-deep.json', 'config-escape-key.json'])('%s', async (name) => {
  expect(await withConfig(await readFile(fixture(`hostile/${name}`), 'utf8'))).toMatch(/architectures|unknown key/);
});

test('safetensors-deep.safetensors', async () => {
  const file = new Uint8Array(await readFile(fixture('hostile/safetensors-deep.safetensors')));
  expect(await refusal({ 'config.json': bytes(JSON.stringify(config)), 'model.safetensors': file })).toMatch(/shape/);
});

describe.each([8000, 1_000_000])('%i brackets', (depth) => {
  const deep = '['.repeat(depth) + ']'.repeat(depth);

  test.each(['model_type', 'architectures', 'n_layer', 'pruned_heads', 'activation_function', 'hidden_size', 'odd'])(
    'as %s of the config',
    async (key) => {
      const rest = Object.entries(config).filter(([other]) => other !== key);
      const text = JSON.stringify(Object.fromEntries(rest)).replace(/\}$/, `,"${key}":${deep}}`);
      expect(await withConfig(text)).toMatch(key);
    },
  );

  test('in the header of a safetensors file, and in an index', async () => {
    for (const entry of [deep, `{"dtype":${deep}}`, `{"dtype":"F32","shape":[1],"data_offsets":${deep}}`]) {
      expect(await withHeader(`{"x":${entry}}`)).toMatch(/tensor x: /);
    }
    const index = { 'model.safetensors.index.json': bytes(`{"weight_map":{"x":${deep}}}`) };
    expect(await refusal({ 'config.json': bytes(JSON.stringify(config)), ...index })).toMatch(/weight_map: x is in/);
  });

  test('and no end', async () => {
    expect(await withConfig('['.repeat(depth))).toMatch(/not valid JSON at line 1/);
    expect(await withConfig('{"a":'.repeat(depth))).toMatch(/not valid JSON at line 1/);
  });
});

test.each(['1e999', '-1e999', '1e400'])('%s is no number', async (number) => {
  expect(await withConfig(JSON.stringify(config).replace(/\}$/, `,"author":${number}}`))).toMatch(
    /not valid JSON at line 1, column \d+: ".*" is beyond the largest number/,
  );
});

describe('very long names', () => {
  const long = 'x'.repeat(100_000);

  test.each([{ [long]: 1 }, { odd: 1, [long]: 1 }, { model_type: long }, { n_layer: long }, { architectures: [long] }])(
    'in a config',
    async (changes) => {
      expect(await withConfig(JSON.stringify({ ...config, ...changes }))).toBeDefined();
    },
  );

  test('of tensors and shards', async () => {
    expect(
      await withHeader(JSON.stringify({ ...header, [long]: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } })),
    ).toMatch(/holds 1 tensor/);
    expect(await withHeader(JSON.stringify({ [long]: 1 }))).toMatch(/expected an object in the header/);
    expect(await withHeader(JSON.stringify({ x: { dtype: long } }))).toMatch(/unknown dtype/);
    const shape = Array.from({ length: 100_000 }, () => 1);
    expect(await withHeader(JSON.stringify({ x: { dtype: 'F32', shape, data_offsets: [0, 8] } }))).toMatch(/takes 4/);
    for (const shard of [`${long}.safetensors`, '../../etc/passwd', '\u001b[2J.safetensors', '\u202e.safetensors']) {
      const index = bytes(JSON.stringify({ weight_map: { [`${long}\u001b`]: shard } }));
      expect(
        await refusal({ 'config.json': bytes(JSON.stringify(config)), 'model.safetensors.index.json': index }),
      ).toMatch(/weight_map/);
    }
  });
});

describe('changed at random', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3, noUnicodeString: false }),
    fc.constantFrom(-1, 0, 1e300, 1e308, 2 ** 53, 0.5, null, '', '__proto__', [], {}),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('__proto__', 'constructor', ''));
  const changed = (object: Readonly<Record<string, unknown>>) =>
    fc.array(fc.tuple(fc.oneof(name, fc.constantFrom(...Object.keys(object))), value), { maxLength: 3 }).map(
      (changes) =>
        // By entries: a key __proto__ then is a key like others.
        `{${[...new Map([...Object.entries(object), ...changes])].map(([key, json]) => `${JSON.stringify(key)}:${JSON.stringify(json)}`).join()}}`,
    );

  test('a config', async () => {
    await fc.assert(
      fc.asyncProperty(changed(config), async (text) => void (await withConfig(text))),
      { numRuns: 300 },
    );
  });

  test('a header', async () => {
    await fc.assert(
      fc.asyncProperty(changed(header), async (text) => void (await withHeader(text))),
      { numRuns: 300 },
    );
  });

  test('one entry of a header', async () => {
    const [tensor, entry] = Object.entries(header).find(([key]) => key !== '__metadata__')!;
    await fc.assert(
      fc.asyncProperty(changed(entry as Record<string, unknown>), async (text) => {
        const rest = JSON.stringify(Object.fromEntries(Object.entries(header).filter(([key]) => key !== tensor)));
        await withHeader(rest.replace(/\}$/, `,${JSON.stringify(tensor)}:${text}}`));
      }),
      { numRuns: 300 },
    );
  });

  test('bytes of the files', async () => {
    const files = { config: bytes(JSON.stringify(config)), weights };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('config', 'weights'),
        fc.array(fc.tuple(fc.nat(headerBytes), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(headerBytes + 100)),
        async (which, changes, cut) => {
          const copy = files[which as 'config' | 'weights'].slice(0, cut ?? undefined);
          for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
          await refusal({
            'config.json': which === 'config' ? copy : files.config,
            'model.safetensors': which === 'weights' ? copy : weights,
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
