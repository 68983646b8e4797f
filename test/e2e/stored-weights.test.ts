/** A checkpoint in bf16: what info says of its weights, and that --weights changes no byte of a result. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { gpt2Spec } from '../../src/model/random-model.js';
import { runCli, useFolder } from '../support/cli.js';
import { gpt2Folder, storedTensors } from '../support/stored-checkpoint.js';

const folder = useFolder();
const spec = gpt2Spec({ layers: 1, heads: 2, headWidth: 8, mlpWidth: 32, vocab: 40, maxPositions: 8 });
/** Embedding, q, k, v and out, MLP. */
const MATRICES = 40 * 16 + 4 * 16 * 16 + 2 * 16 * 32;
/** Positions, norms, biases. */
const OTHERS = 8 * 16 + 3 * 2 * 16 + 4 * 16 + 32 + 16;
let model: string;

beforeAll(async () => {
  model = join(folder.path, 'halves');
  await mkdir(model);
  const files = gpt2Folder(spec, await storedTensors(spec, 1, () => 'bf16'));
  for (const [name, bytes] of files) await writeFile(join(model, name), bytes);
  const row = { clean_ids: [1, 2, 3], corrupted_ids: [1, 5, 3], correct_ids: [7], wrong_ids: [8] };
  await writeFile(join(folder.path, 'task.jsonl'), `${JSON.stringify(row)}\n`);
});

test('info says what weights take on the device, by how they are stored', async () => {
  const { stdout } = await runCli(['info', '--model', model]);
  expect(stdout).toMatch(/parameters +3,\d+ \(5\.38 kB as bf16, 1\.34 kB as f32\)\n/);
  const json = await runCli(['info', '--model', model, '--weights', 'f32', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    model: { weight_bytes: 4 * (MATRICES + OTHERS), weight_bytes_by_storage: { f32: 4 * (MATRICES + OTHERS) } },
  });
});

test('scores of weights as stored are those of weights in f32, byte for byte', async () => {
  const score = async (weights: string): Promise<string> => {
    const out = join(folder.path, weights);
    const task = ['--task', join(folder.path, 'task.jsonl'), '--method', 'eap', '--out', out];
    const { code, stderr } = await runCli(['attribute', '--model', model, ...task, '--weights', weights]);
    expect(code, stderr).toBe(0);
    return readFile(join(out, 'scores.json'), 'utf8');
  };
  expect(await score('stored')).toBe(await score('f32'));
});

test('another storage is refused', async () => {
  const { code, stderr } = await runCli(['info', '--model', model, '--weights', 'f16']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/--weights.*stored.*f32/);
});
