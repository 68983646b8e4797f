import { expect, test } from 'vitest';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { openModel } from '../../../src/model/load-model.js';
import { fixtureJson } from '../../support/fixtures.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const config = bytes(JSON.stringify(await fixtureJson('families/gpt2/config.json')));
const POINTER = bytes(
  'version https://git-lfs.github.com/spec/v1\noid sha256:248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707\nsize 548105171\n',
);

function open(files: Readonly<Record<string, Uint8Array>>): Promise<unknown> {
  return openModel(memoryDirectory('m', new Map(Object.entries(files))));
}

test.each<[string, Readonly<Record<string, Uint8Array>>]>([
  ['model.safetensors', { 'config.json': config, 'model.safetensors': POINTER }],
  ['config.json', { 'config.json': POINTER }],
  ['model.safetensors.index.json', { 'config.json': config, 'model.safetensors.index.json': POINTER }],
])('a Git LFS pointer as %s', async (name, files) => {
  await expect(open(files)).rejects.toThrow(
    `m/${name}: is a Git LFS pointer, which stands for a file of 548,105,171 bytes: get that by "git lfs pull"`,
  );
});

test.each<[string, Uint8Array, string]>([
  ['nothing', bytes(''), 'is 0 bytes long: was its download broken off?'],
  ['a file of torch.save', bytes('PK\x03\x04\x00\x00\x08\x08\x00\x00'), 'is a zip archive, as torch.save'],
  [
    'an old file of torch.save',
    bytes('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8'),
    'is a pickle, which runs code',
  ],
  ['GGUF', bytes('GGUF\x03\x00\x00\x00\x00\x00\x00\x00'), 'is a GGUF file'],
  ['HDF5', bytes('\x89HDF\r\n\x1a\n\x00\x00'), 'is a TensorFlow checkpoint'],
  ['a web page', bytes('<!doctype html>\n<html>'), 'is a web page'],
  ['gzip', bytes('\x1f\x8b\x08\x00\x00\x00\x00\x00\x00'), 'is a gzip archive'],
])('%s as model.safetensors', async (_, contents, what) => {
  await expect(open({ 'config.json': config, 'model.safetensors': contents })).rejects.toThrow(
    `m/model.safetensors: ${what}`,
  );
});

test.each<[string[], string]>([
  [['pytorch_model.bin', 'training_args.bin'], 'pytorch_model.bin, a PyTorch pickle, which runs code when it is read'],
  [['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json'], 'pytorch_model-00001-of-00002.bin, a PyTorch'],
  [['attn-only-2l_final.pth'], 'attn-only-2l_final.pth, a PyTorch pickle'],
  [['attn-only-2l_final.pth'], 'checkpoints of TransformerLens (attn-only models among them) are not read'],
  [['model.ckpt'], 'model.ckpt, a PyTorch pickle'],
  [['gpt2.Q4_K_M.gguf'], 'gpt2.Q4_K_M.gguf, made for llama.cpp (GGUF)'],
  [['flax_model.msgpack'], 'flax_model.msgpack, a Flax checkpoint: load it with from_flax=True'],
  [['tf_model.h5'], 'tf_model.h5, a TensorFlow checkpoint'],
  [['adapter_model.safetensors', 'pytorch_model.bin'], 'adapter_model.safetensors, an adapter of peft'],
  [['model-00001-of-00002.safetensors'], 'whose model.safetensors.index.json is missing'],
  [['gpt2.safetensors', 'pytorch_model.bin'], 'gpt2.safetensors, which must be called model.safetensors'],
])('a folder that holds only %j', async (names, what) => {
  const weights = Object.fromEntries(names.map((name) => [name, bytes('x')]));
  const expected = `holds neither model.safetensors nor model.safetensors.index.json; there is `;
  await expect(open({ 'config.json': config, ...weights })).rejects.toThrow(expected);
  await expect(open({ 'config.json': config, ...weights })).rejects.toThrow(what);
  await expect(open(weights)).rejects.toThrow('m: holds no config.json; there is ');
});

test('a folder with neither weights nor what could be them', async () => {
  const rest = { 'training_args.bin': bytes('x'), 'README.md': bytes('x') };
  await expect(open({ 'config.json': config, ...rest })).rejects.toThrow(/nor model\.safetensors\.index\.json$/);
});

test('a header whose length looks like a pickle is a header all the same', async () => {
  const header = '{}'.padEnd(0x280);
  const file = bytes(`\x80\x02\x00\x00\x00\x00\x00\x00${header}`);
  await expect(open({ 'config.json': config, 'model.safetensors': file })).rejects.toThrow(/lacks \d+ tensors/);
});
